#!/usr/bin/env python3
"""A FUSE file system with files that read(2) and stat(2) tell different things of. Needs root; no library.

usage: odd_files.py FOLDER    mounts on FOLDER, prints "ready", serves until it is unmounted.

Every file is named SIZE-LENGTH-MOST: st_size, the bytes that reads give in all, the most bytes that one read gives. Byte i is
i * 7 % 251. The files are opened with FOPEN_DIRECT_IO: the kernel asks for every read, and does not stop at st_size.
"""
import os
import re
import struct
import subprocess
import sys

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT, OPENDIR, INTERRUPT, BATCH_FORGET = \
    1, 2, 3, 14, 15, 17, 18, 25, 26, 27, 36, 42
ENOENT, ENOSYS = 2, 38
FOPEN_DIRECT_IO = 1
HEADER = struct.Struct("<IIQQIIII")  # len, opcode, unique, nodeid, uid, gid, pid, padding
FOLDER, FILE = 0o40555, 0o100444

files = [None, None]  # by node id; 1 is the folder


def attributes(node):
    size, mode = (0, FOLDER) if node == 1 else (files[node][0], FILE)
    return struct.pack("<QQQQQQIIIIIIIIII", node, size, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(opcode, node, body):
    if opcode == INIT:
        _, minor, readahead, _ = struct.unpack_from("<IIII", body)
        return 0, struct.pack("<IIIIHHIIHHIQ", 7, min(minor, 31), readahead, 0, 0, 0, 1 << 20, 1, 0, 0, 0, 0) + bytes(16)
    if opcode == LOOKUP:
        match = re.fullmatch(r"(\d+)-(\d+)-(\d+)", body.rstrip(b"\0").decode())
        if not match:
            return -ENOENT, b""
        file = tuple(map(int, match.groups()))
        if file not in files:
            files.append(file)
        node = files.index(file)
        return 0, struct.pack("<QQQQII", node, 0, 0, 0, 0, 0) + attributes(node)
    if opcode == GETATTR:
        return 0, struct.pack("<QII", 0, 0, 0) + attributes(node)
    if opcode in (OPEN, OPENDIR):
        return 0, struct.pack("<QII", 0, FOPEN_DIRECT_IO if opcode == OPEN else 0, 0)
    if opcode == READ:
        _, offset, size = struct.unpack_from("<QQI", body)
        _, length, most = files[node]
        return 0, bytes(i * 7 % 251 for i in range(offset, min(length, offset + min(size, most))))
    if opcode in (RELEASE, FLUSH):
        return 0, b""
    if opcode == STATFS:
        return 0, bytes(80)
    return -ENOSYS, b""


def main():
    fuse = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other"
    subprocess.run(["mount", "-i", "-t", "fuse", "-o", options, "odd-files", sys.argv[1]], pass_fds=[fuse], check=True)
    print("ready", flush=True)
    while True:
        try:
            request = os.read(fuse, (1 << 20) + 4096)
        except OSError:
            return  # ENODEV: unmounted
        _, opcode, unique, node, _, _, _, _ = HEADER.unpack_from(request)
        if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
            continue
        error, body = answer(opcode, node, request[HEADER.size:])
        try:
            os.write(fuse, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
        except OSError:
            pass  # ENOENT: the request was interrupted


main()
