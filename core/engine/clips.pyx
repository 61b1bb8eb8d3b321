"""The table of clips; see clips.pxd."""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from core.base.atomics cimport add_acq_rel_i32, load_acquire_i32, store_release_i32
from core.signal.g711 cimport alaw_encode, ulaw_encode


cdef int16_t* _keep(Clip* clip, size_t at, const int16_t* sound, size_t samples) noexcept nogil:
    """Linear sound into the clip's block from octet `at` on, which is even; where it is, or NULL when there is none."""
    cdef int16_t* kept = <int16_t*>(clip.ulaw + at)
    if sound == NULL:
        return NULL
    memcpy(kept, sound, samples * sizeof(int16_t))
    return kept


cdef uint32_t clip_add(ClipTable* table, const int16_t* pcm, uint32_t samples, const int16_t* wide,
                       const int16_t* full) noexcept nogil:
    cdef int tried
    cdef uint32_t slot = 0
    cdef size_t n = samples, size = 2 * n
    cdef Clip* clip = NULL
    for tried in range(CLIP_SLOTS):
        slot = (table.next_slot + tried) % CLIP_SLOTS
        if load_acquire_i32(&table.items[slot].state) == CLIP_FREE:
            clip = &table.items[slot]
            break
    if clip == NULL:
        return 0
    # One block for both codecs and the linear sounds.
    if wide != NULL:
        size += 4 * n
    if full != NULL:
        size += 12 * n
    clip.ulaw = <uint8_t*>malloc(size)
    if clip.ulaw == NULL:
        return 0
    clip.alaw = clip.ulaw + samples
    clip.wide = _keep(clip, 2 * n, wide, 2 * n)
    clip.full = _keep(clip, size - 12 * n, full, 6 * n) if full != NULL else NULL
    ulaw_encode(pcm, clip.ulaw, <int>samples)
    alaw_encode(pcm, clip.alaw, <int>samples)
    table.next_slot = slot + 1
    table.generations[slot] = (table.generations[slot] + 1) & 0xFFFFF
    if table.generations[slot] == 0:
        table.generations[slot] = 1
    clip.samples = samples
    clip.id = slot + CLIP_SLOTS * table.generations[slot]
    clip.references = 1
    store_release_i32(&clip.state, CLIP_LIVE)
    return clip.id


cdef Clip* clip_find(ClipTable* table, uint32_t id) noexcept nogil:
    cdef Clip* clip = &table.items[id % CLIP_SLOTS]
    return clip if load_acquire_i32(&clip.state) != CLIP_FREE and clip.id == id else NULL


cdef void clip_hold(Clip* clip) noexcept nogil:
    add_acq_rel_i32(&clip.references, 1)


cdef bint clip_drop(Clip* clip, uint32_t worker) noexcept nogil:
    if add_acq_rel_i32(&clip.references, -1) != 1:
        return False
    clip.worker = worker
    store_release_i32(&clip.state, CLIP_UNUSED)
    return True


cdef void clip_free(ClipTable* table, uint32_t id) noexcept nogil:
    cdef Clip* clip = &table.items[id % CLIP_SLOTS]
    if clip.id == id and clip.ulaw != NULL:
        free(clip.ulaw)
        clip.ulaw = NULL
        store_release_i32(&clip.state, CLIP_FREE)


cdef void clip_free_all(ClipTable* table) noexcept nogil:
    cdef int slot
    for slot in range(CLIP_SLOTS):
        free(table.items[slot].ulaw)
        table.items[slot].ulaw = NULL
