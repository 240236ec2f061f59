#!/usr/bin/env python3
"""Runs a command to which the kernel refuses io_uring with EPERM, as the default profiles of container runtimes do: seccomp(2).

without-io-uring.py COMMAND ARGUMENT…
"""
import ctypes
import errno
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # of classic BPF
RET_ALLOW, RET_ERRNO = 0x7FFF0000, 0x00050000
IO_URING = (425, 426, 427)  # setup, enter, register: the same numbers on x86-64 and arm64


def instruction(code, value, when_true=0):
    return struct.pack("=HBBI", code, when_true, 0, value)


program = instruction(LOAD, 0)  # struct seccomp_data: nr is at 0
for index, number in enumerate(IO_URING):
    program += instruction(JUMP_IF_EQUAL, number, when_true=len(IO_URING) - index)
program += instruction(RETURN, RET_ALLOW) + instruction(RETURN, RET_ERRNO | errno.EPERM)

code = ctypes.create_string_buffer(program, len(program))
filter = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter, 0, 0):
    sys.exit(f"no seccomp filter can be had: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[1], sys.argv[1:])
