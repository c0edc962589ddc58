"""Shared by the end-to-end checks: the service as a process, token issuers, an API client and test
data.
"""
