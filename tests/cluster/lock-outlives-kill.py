"""A process that is killed keeps the lock on its file until its write is out of the kernel: what the leases of storage shared rest on.

FILE is on a disk that stalls its writes when this says "stall" and goes on when it says "go"; each is answered by a line.
"""
import fcntl, os, signal, struct, sys, time

F_OFD_SETLK = 37
RWF_DSYNC = 2


def lock(path):
    """The descriptor, locked; None: another process has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.fcntl(descriptor, F_OFD_SETLK, struct.pack("hhqqixxxx", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        return descriptor
    except (BlockingIOError, PermissionError):
        os.close(descriptor)
        return None


def ask(word):
    print(word, flush=True)
    sys.stdin.readline()


def is_uninterruptible(process):
    with open(f"/proc/{process}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "D"


path = sys.argv[1]
first = lock(path)
os.pwritev(first, [b"0" * 4096], 0, RWF_DSYNC)
os.close(first)
ask("stall")
locked, told = os.pipe()
child = os.fork()
if child == 0:
    held = lock(path)
    os.write(told, b"1")
    os.pwritev(held, [b"1" * 4096], 0, RWF_DSYNC)
    os._exit(0)

os.read(locked, 1)
for _ in range(500):
    if is_uninterruptible(child):
        break
    time.sleep(0.02)
else:
    sys.exit("the write did not stall")
os.kill(child, signal.SIGKILL)
for _ in range(20):
    if lock(path) is not None:
        sys.exit("the lock went to another process while the write was in the kernel")
    time.sleep(0.05)
ask("go")
os.waitpid(child, 0)
descriptor = lock(path)
if descriptor is None:
    sys.exit("the lock stayed after the process had ended")
print("the lock stayed until the write was out of the kernel")
