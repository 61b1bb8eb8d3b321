"""Order-statistic tree (a treap) over a caller-owned array of nodes: insert, remove, rank and first in O(log n).

Nodes are ordered by (since, sequence). Each subtree knows its size and how many of its nodes are marked `ready`, so the first
ready node is found without looking at the others. Index 0 is the empty tree: its counts stay 0, which saves a branch at each
step. One thread owns a tree; only `grow_nodes` allocates.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memset


cdef struct Node:
    int64_t since  # ns; the older, the further in front
    uint64_t sequence  # breaks ties; unique in one tree
    int32_t left
    int32_t right
    int32_t size  # nodes in this subtree
    int32_t ready  # ready nodes in this subtree
    uint32_t priority  # heap order, random
    int32_t is_ready  # 0 or 1
    int32_t owner  # whatever the user of the tree wants to find from here
    int32_t next_free  # link of the user's free list


cdef inline bint before(Node* pool, int32_t node, int64_t since, uint64_t sequence) noexcept nogil:
    if pool[node].since != since:
        return pool[node].since < since
    return pool[node].sequence < sequence


cdef inline void tree_count(Node* pool, int32_t node) noexcept nogil:
    cdef int32_t left = pool[node].left
    cdef int32_t right = pool[node].right
    pool[node].size = 1 + pool[left].size + pool[right].size
    pool[node].ready = pool[node].is_ready + pool[left].ready + pool[right].ready


cdef inline void tree_split(
    Node* pool, int32_t root, int64_t since, uint64_t sequence, int32_t* smaller, int32_t* larger
) noexcept nogil:
    if root == 0:
        smaller[0] = 0
        larger[0] = 0
    elif before(pool, root, since, sequence):
        smaller[0] = root
        tree_split(pool, pool[root].right, since, sequence, &pool[root].right, larger)
        tree_count(pool, root)
    else:
        larger[0] = root
        tree_split(pool, pool[root].left, since, sequence, smaller, &pool[root].left)
        tree_count(pool, root)


cdef inline int32_t tree_merge(Node* pool, int32_t smaller, int32_t larger) noexcept nogil:
    if smaller == 0:
        return larger
    if larger == 0:
        return smaller
    if pool[smaller].priority > pool[larger].priority:
        pool[smaller].right = tree_merge(pool, pool[smaller].right, larger)
        tree_count(pool, smaller)
        return smaller
    pool[larger].left = tree_merge(pool, smaller, pool[larger].left)
    tree_count(pool, larger)
    return larger


cdef inline void tree_insert(Node* pool, int32_t* root, int32_t node) noexcept nogil:
    """Puts `node`, whose since, sequence, priority and is_ready are set, into the tree at `root`."""
    cdef int64_t since = pool[node].since
    cdef uint64_t sequence = pool[node].sequence
    cdef int32_t* link = root
    while link[0] != 0 and pool[link[0]].priority >= pool[node].priority:
        pool[link[0]].size += 1
        pool[link[0]].ready += pool[node].is_ready
        link = &pool[link[0]].left if not before(pool, link[0], since, sequence) else &pool[link[0]].right
    tree_split(pool, link[0], since, sequence, &pool[node].left, &pool[node].right)
    tree_count(pool, node)
    link[0] = node


cdef inline void tree_remove(Node* pool, int32_t* root, int32_t node) noexcept nogil:
    """Takes `node` out; it must be in the tree at `root`."""
    cdef int64_t since = pool[node].since
    cdef uint64_t sequence = pool[node].sequence
    cdef int32_t* link = root
    while link[0] != node:
        pool[link[0]].size -= 1
        pool[link[0]].ready -= pool[node].is_ready
        link = &pool[link[0]].right if before(pool, link[0], since, sequence) else &pool[link[0]].left
    link[0] = tree_merge(pool, pool[node].left, pool[node].right)


cdef inline void tree_mark(Node* pool, int32_t root, int32_t node, int32_t ready) noexcept nogil:
    """Sets the ready mark (0 or 1) of `node`, which must be in the tree at `root`."""
    cdef int32_t change = ready - pool[node].is_ready
    cdef int32_t at = root
    while at != node:
        pool[at].ready += change
        at = pool[at].right if before(pool, at, pool[node].since, pool[node].sequence) else pool[at].left
    pool[node].ready += change
    pool[node].is_ready = ready


cdef inline int32_t tree_first(Node* pool, int32_t root) noexcept nogil:
    """The oldest node, or 0."""
    if root == 0:
        return 0
    while pool[root].left != 0:
        root = pool[root].left
    return root


cdef inline int32_t tree_first_ready(Node* pool, int32_t root) noexcept nogil:
    """The oldest node that is marked ready, or 0."""
    while pool[root].ready != 0:
        if pool[pool[root].left].ready != 0:
            root = pool[root].left
        elif pool[root].is_ready:
            return root
        else:
            root = pool[root].right
    return 0


cdef inline int32_t tree_first_from(Node* pool, int32_t root, int64_t since) noexcept nogil:
    """The first node whose since is at least `since`, or 0."""
    cdef int32_t found = 0
    while root != 0:
        if pool[root].since >= since:
            found = root
            root = pool[root].left
        else:
            root = pool[root].right
    return found


cdef inline int32_t tree_next(Node* pool, int32_t root, int32_t node) noexcept nogil:
    """The node after `node`, which must be in the tree at `root`; 0 when it is the last."""
    cdef int32_t found = 0
    while root != 0:
        if node != root and not before(pool, root, pool[node].since, pool[node].sequence):
            found = root
            root = pool[root].left
        else:
            root = pool[root].right
    return found


cdef inline int32_t tree_rank(Node* pool, int32_t root, int32_t node) noexcept nogil:
    """How many nodes are older than `node` (0 for the oldest)."""
    cdef int32_t rank = 0
    while root != node:
        if before(pool, root, pool[node].since, pool[node].sequence):
            rank += pool[pool[root].left].size + 1
            root = pool[root].right
        else:
            root = pool[root].left
    return rank + pool[pool[node].left].size


cdef inline int grow_nodes(Node** nodes, int32_t* capacity, int32_t* free_list) noexcept nogil:
    """Doubles a pool of tree nodes; node 0 stays the empty tree. Returns -1 when out of memory."""
    cdef int32_t old = capacity[0]
    cdef int32_t wanted = old * 2 if old else 256
    cdef Node* larger = <Node*>realloc(nodes[0], wanted * sizeof(Node))
    cdef int32_t at
    if larger == NULL:
        return -1
    memset(&larger[old], 0, (wanted - old) * sizeof(Node))
    for at in range(wanted - 1, old - 1 if old else 0, -1):
        larger[at].next_free = free_list[0]
        free_list[0] = at
    nodes[0] = larger
    capacity[0] = wanted
    return 0


cdef inline int32_t take_node(Node* nodes, int32_t* free_list) noexcept nogil:
    cdef int32_t node = free_list[0]
    free_list[0] = nodes[node].next_free
    return node


cdef inline void give_node(Node* nodes, int32_t* free_list, int32_t node) noexcept nogil:
    nodes[node].next_free = free_list[0]
    free_list[0] = node
