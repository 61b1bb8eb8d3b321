"""Black-box tests: a real PBX process, SIPp on its own loopback addresses, RTP that is listened to."""
