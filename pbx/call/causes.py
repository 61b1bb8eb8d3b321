"""Why a call ended: one word for people and reports, the SIP status, and the Q.850 cause for the Reason header (RFC
3326).
"""

from __future__ import annotations

# SIP status -> our word. What is not listed falls to its class in `cause_of`.
_CAUSES = {
    200: "normal",
    401: "rejected",
    403: "rejected",
    404: "not_found",
    407: "rejected",
    408: "no_answer",
    410: "not_found",
    415: "incompatible",
    480: "unavailable",
    481: "lost",
    482: "loop",
    483: "loop",
    484: "not_found",
    486: "busy",
    487: "cancelled",
    488: "incompatible",
    500: "error",
    503: "congestion",
    504: "network",
    600: "busy",
    603: "rejected",
    604: "not_found",
    606: "incompatible",
}

# What a far end may say to our caller through us. Anything else concerns only the leg between us and the far end: its
# challenges, its redirections, its complaints about our request.
_FOR_THE_CALLER = frozenset((403, 404, 408, 410, 480, 482, 483, 484, 486, 487, 488, 500, 503, 504, 600, 603, 604, 606))

# Our word -> (Q.850 cause, its text), ITU-T Q.850 table 1.
_Q850 = {
    "normal": (16, "Normal call clearing"),
    "busy": (17, "User busy"),
    "limit": (17, "User busy"),
    "do_not_disturb": (17, "User busy"),
    "no_answer": (19, "No answer from user"),
    "unavailable": (20, "Subscriber absent"),
    "unregistered": (20, "Subscriber absent"),
    "rejected": (21, "Call rejected"),
    "forbidden": (21, "Call rejected"),
    "not_found": (1, "Unallocated number"),
    "incompatible": (88, "Incompatible destination"),
    "congestion": (34, "No circuit available"),
    "shutdown": (41, "Temporary failure"),
    "network": (38, "Network out of order"),
    "loop": (25, "Exchange routing error"),
    "spend_cap": (21, "Call rejected"),
    "preempted": (8, "Preemption"),
    "blocked": (21, "Call rejected"),
    "error": (41, "Temporary failure"),
    "lost": (41, "Temporary failure"),
    "insecure": (58, "Bearer capability not presently available"),
    "media_timeout": (41, "Temporary failure"),
    "expired": (102, "Recovery on timer expiry"),
    "cancelled": (16, "Normal call clearing"),
}

# Our word -> the status that refuses an unanswered caller when nothing more exact is known.
_STATUS = {
    "normal": 480,
    "busy": 486,
    "limit": 486,
    "do_not_disturb": 486,
    "no_answer": 480,
    "unavailable": 480,
    "insecure": 480,
    "unregistered": 480,
    "rejected": 603,
    "forbidden": 403,
    "not_found": 404,
    "incompatible": 488,
    "congestion": 503,
    "network": 503,
    "shutdown": 503,
    "loop": 482,
    "spend_cap": 403,
    "preempted": 503,
    "blocked": 603,
    "error": 500,
    "lost": 480,
    "media_timeout": 480,
    "expired": 480,
    "cancelled": 487,
}

# What a refusal says beyond its status and Reason (RFC 3261 section 20.43).
WARNINGS = {"insecure": ('Warning: 399 pbx "a sips URI was called, and no phone there is reached over TLS"',)}
ELSEWHERE = 'Reason: SIP;cause=200;text="Call completed elsewhere"'
_reasons = {cause: f'Reason: Q.850;cause={code};text="{text}"' for cause, (code, text) in _Q850.items()}


def cause_of(status: int) -> str:
    """The word for a final SIP status."""
    cause = _CAUSES.get(status)
    if cause is not None:
        return cause
    if status < 300:
        return "normal"
    if status >= 600:
        return "rejected"
    return "network" if status >= 500 else "unavailable"


def for_caller(status: int) -> int:
    """The final status that an unanswered caller gets when another leg failed with `status`."""
    if status < 300 or status in _FOR_THE_CALLER:
        return status
    if status in (401, 407):
        return 503  # the caller's password is not what is wrong
    if status < 500:
        return 480
    return 500 if status < 600 else 603


def status_of(cause: str) -> int:
    """The SIP status that tells an unanswered caller about `cause`; 480 for a word of somebody else's."""
    return _STATUS.get(cause, 480)


def reason_header(cause: str) -> str:
    """The Reason header line of `cause`; an unknown word counts as normal clearing."""
    return _reasons.get(cause) or _reasons["normal"]
