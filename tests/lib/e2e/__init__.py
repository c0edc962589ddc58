"""What the end-to-end checks share: the real binary as a process, issuers of tokens, a caller over TLS, one county."""
