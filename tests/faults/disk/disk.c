// A disk with a volatile cache, as a FUSE file: MOUNTPOINT/disk is the device, MOUNTPOINT/control takes commands and tells the state.
// A loop device over MOUNTPOINT/disk turns each of its flushes into an fsync here. README.md has the commands.
//   disk MOUNTPOINT BYTES
#define FUSE_USE_VERSION 312
#define _GNU_SOURCE
#include <errno.h>
#include <fuse.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#define SECTOR 512
#define ANYWHERE INT64_MAX
#define THREADS 128

enum operation { READ, WRITE, FLUSH, CLOSE, OPERATIONS };
static const char *const names[OPERATIONS] = {"read", "write", "flush", "close"};

enum keep { DROP, PREFIX, RANDOM, TORN };
static const char *const keeps[] = {"drop", "prefix", "random", "torn"};

// A write that no flush has covered yet.
struct pending {
    off_t offset;
    size_t size;
    char bytes[];
};

// What happens to one kind of operation.
struct fault {
    int error;           // an errno, or 0
    bool once;           // the error goes away with its first use
    int64_t from, to;    // the bytes that it concerns
    long delay_ms;
    bool stalled;
    struct timespec stalled_until;
    long done, waiting;  // figures for the state
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // guards all that follows
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static uint64_t disk_size;
static char *durable;    // what a power cut leaves
static char *current;    // what a read sees: durable and all pending writes
static struct pending **pending;
static size_t pending_count, pending_room;
static struct fault faults[OPERATIONS];
static bool powered = true;
static uint64_t cuts;
static char last_cut[128] = "no cut yet";
static long watchdog_seconds = 60, watchdog_releases;

// The next cut: what it keeps, and after how many more writes it comes by itself; 0: it does not.
static enum keep planned_keep;
static uint64_t planned_argument, planned_writes;

static void *has_memory(void *memory) {
    if (memory == NULL || memory == MAP_FAILED) {
        perror("disk: memory");
        abort(); // the kernel then fails each request: nothing waits for a disk that is gone
    }
    return memory;
}

static uint64_t next_random(uint64_t *state) { // splitmix64
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static void release_stalls(void) {
    for (int i = 0; i < OPERATIONS; i++) {
        faults[i].stalled = false;
    }
    pthread_cond_broadcast(&changed);
}

// Keeps some of a pending write's sectors. The number of bytes kept.
static size_t keep_torn(const struct pending *write, uint64_t *random) {
    size_t kept = 0;
    for (size_t at = 0; at < write->size;) {
        size_t piece = SECTOR - (size_t)(write->offset + at) % SECTOR;
        piece = piece < write->size - at ? piece : write->size - at;
        if (next_random(random) & 1) {
            memcpy(durable + write->offset + at, write->bytes + at, piece);
            kept += piece;
        }
        at += piece;
    }
    return kept;
}

// The power goes, as planned. Each request from now on fails, until `on`.
static void cut(void) {
    enum keep keep = planned_keep;
    uint64_t random = planned_argument;
    size_t kept = 0, bytes = 0, kept_bytes = 0;
    for (size_t i = 0; i < pending_count; i++) {
        struct pending *write = pending[i];
        size_t part = 0;
        bytes += write->size;
        if (keep == TORN) {
            part = keep_torn(write, &random);
        } else if ((keep == PREFIX && i < planned_argument) || (keep == RANDOM && (next_random(&random) & 1))) {
            memcpy(durable + write->offset, write->bytes, write->size);
            part = write->size;
        }
        memcpy(current + write->offset, durable + write->offset, write->size);
        free(write);
        kept += part > 0, kept_bytes += part;
    }
    snprintf(last_cut, sizeof last_cut, "cut %s kept %zu of %zu writes, %zu of %zu bytes", keeps[keep], kept, pending_count, kept_bytes, bytes);
    pending_count = 0;
    planned_writes = 0;
    powered = false;
    cuts++;
    release_stalls();
}

static struct timespec after_ms(long ms) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    long ns = t.tv_nsec + ms % 1000 * 1000000;
    return (struct timespec){.tv_sec = t.tv_sec + ms / 1000 + ns / 1000000000, .tv_nsec = ns % 1000000000};
}

// What a request goes through before it is performed: delay, stall, error. 0, or the negative errno to fail with.
static int gate(enum operation operation, off_t offset, size_t size) {
    struct fault *fault = &faults[operation];
    uint64_t cuts_before = cuts;
    fault->waiting++;
    if (powered && fault->delay_ms > 0) {
        struct timespec until = after_ms(fault->delay_ms);
        while (powered && pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT) {
        }
    }
    while (powered && fault->stalled) {
        if (pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC, &fault->stalled_until) == ETIMEDOUT && fault->stalled) {
            watchdog_releases++, release_stalls();
        }
    }
    fault->waiting--;
    if (!powered || cuts != cuts_before) {
        return -EIO;
    }
    if (fault->error != 0 && offset < fault->to && offset + (int64_t)size > fault->from) {
        int error = fault->error;
        fault->error = fault->once ? 0 : error;
        return -error;
    }
    fault->done++;
    return 0;
}

static int disk_read(char *to, size_t size, off_t offset) {
    size = offset >= (off_t)disk_size ? 0 : size > disk_size - offset ? disk_size - offset : size;
    int result = gate(READ, offset, size);
    memcpy(to, current + offset, result == 0 ? size : 0);
    return result == 0 ? (int)size : result;
}

static int disk_write(const char *from, size_t size, off_t offset) {
    if (offset < 0 || offset + size > disk_size) {
        return -ENOSPC;
    }
    int result = gate(WRITE, offset, size);
    if (result != 0) {
        return result;
    }
    if (pending_count == pending_room) {
        pending_room = pending_room == 0 ? 1024 : pending_room * 2;
        pending = has_memory(realloc(pending, pending_room * sizeof *pending));
    }
    struct pending *write = has_memory(malloc(sizeof *write + size));
    write->offset = offset;
    write->size = size;
    memcpy(write->bytes, from, size);
    memcpy(current + offset, from, size);
    pending[pending_count++] = write;
    if (planned_writes > 0 && --planned_writes == 0) {
        cut();
        return -EIO;
    }
    return size;
}

// The kernel locks the file meanwhile: while a flush waits here, writes wait in front of it.
static int disk_flush(void) {
    int result = gate(FLUSH, 0, disk_size);
    if (result != 0) {
        return result; // nothing is durable, nothing is forgotten: a later flush may succeed
    }
    for (size_t i = 0; i < pending_count; i++) {
        memcpy(durable + pending[i]->offset, pending[i]->bytes, pending[i]->size);
        free(pending[i]);
    }
    pending_count = 0;
    return 0;
}

static int find(const char *name, const char *const *among, int count) {
    int i = count - 1;
    while (i >= 0 && (name == NULL || strcmp(name, among[i]) != 0)) {
        i--;
    }
    return i;
}

// A number of digits alone; false for anything else.
static bool number(const char *text, uint64_t *value) {
    char more;
    return text != NULL && *text >= '0' && *text <= '9' && sscanf(text, "%" SCNu64 "%c", value, &more) == 1;
}

static bool command_cut(char **words, int count) {
    int keep = find(words[1], keeps, 4);
    uint64_t argument = 0, writes = 0;
    int at = keep == DROP ? 2 : 3;
    bool now = count == at, later = count == at + 2 && strcmp(words[at], "after") == 0 && number(words[at + 1], &writes) && writes > 0;
    if (keep < 0 || (keep != DROP && !number(words[2], &argument)) || (!now && !later)) {
        return false;
    }
    planned_keep = keep, planned_argument = argument, planned_writes = writes;
    if (now) {
        cut();
    }
    return true;
}

static bool command_fail(char **words, int count) {
    int operation = find(words[1], names, OPERATIONS);
    int error = words[2] == NULL ? 0 : strcmp(words[2], "EIO") == 0 ? EIO : strcmp(words[2], "ENOSPC") == 0 ? ENOSPC : 0;
    bool once = words[3] != NULL && strcmp(words[3], "once") == 0;
    uint64_t from = 0, to = ANYWHERE;
    if (operation < 0 || error == 0 || (!once && (words[3] == NULL || strcmp(words[3], "always") != 0)) ||
        (count != 4 && (count != 6 || !number(words[4], &from) || !number(words[5], &to) || from >= to))) {
        return false;
    }
    struct fault *fault = &faults[operation];
    fault->error = error, fault->once = once, fault->from = from, fault->to = to;
    return true;
}

static bool command(char *line) {
    char *words[8] = {""}, *rest = NULL;
    int count = 0;
    for (char *word = strtok_r(line, " \t\n", &rest); word != NULL && count < 7; word = strtok_r(NULL, " \t\n", &rest)) {
        words[count++] = word;
    }
    uint64_t value;
    int operation = find(words[1], names, OPERATIONS);
    if (strcmp(words[0], "cut") == 0) {
        return command_cut(words, count);
    } else if (strcmp(words[0], "fail") == 0) {
        return command_fail(words, count);
    } else if (strcmp(words[0], "on") == 0 && count == 1) {
        powered = true;
    } else if (strcmp(words[0], "delay") == 0 && count == 3 && operation >= 0 && number(words[2], &value) && value <= 60000) {
        faults[operation].delay_ms = value;
    } else if (strcmp(words[0], "stall") == 0 && count == 2 && operation >= 0) {
        faults[operation].stalled = true;
        faults[operation].stalled_until = after_ms(watchdog_seconds * 1000);
    } else if (strcmp(words[0], "watchdog") == 0 && count == 2 && number(words[1], &value) && value > 0 && value <= 600) {
        watchdog_seconds = value;
    } else if (strcmp(words[0], "release") == 0 && count == 1) {
        release_stalls();
    } else if (strcmp(words[0], "clear") == 0 && count == 1) {
        for (int i = 0; i < OPERATIONS; i++) {
            faults[i].error = 0, faults[i].delay_ms = 0;
        }
        planned_writes = 0;
        release_stalls();
    } else {
        return false;
    }
    return true;
}

static int state(char *to, size_t size, off_t offset) {
    size_t bytes = 0;
    for (size_t i = 0; i < pending_count; i++) {
        bytes += pending[i]->size;
    }
    char text[1024];
    int length = snprintf(text, sizeof text, "power %s\nunflushed %zu writes, %zu bytes\n%s\nwatchdog released %ld\n",
        powered ? "on" : "off", pending_count, bytes, last_cut, watchdog_releases);
    for (int i = 0; i < OPERATIONS; i++) {
        length += snprintf(text + length, sizeof text - length, "%s done %ld\n%s waiting %ld\n",
            names[i], faults[i].done, names[i], faults[i].waiting);
    }
    length = offset >= length ? 0 : length - offset < (off_t)size ? length - offset : (off_t)size;
    memcpy(to, text + offset, length);
    return length;
}

static bool is_disk(const char *path) { return strcmp(path, "/disk") == 0; }

static int on_getattr(const char *path, struct stat *st, struct fuse_file_info *fi) {
    (void)fi;
    memset(st, 0, sizeof *st);
    st->st_nlink = 1;
    st->st_mode = strcmp(path, "/") == 0 ? S_IFDIR | 0755 : S_IFREG | 0600;
    st->st_size = is_disk(path) ? disk_size : 0;
    return strcmp(path, "/") == 0 || strcmp(path, "/control") == 0 || is_disk(path) ? 0 : -ENOENT;
}

static int on_open(const char *path, struct fuse_file_info *fi) {
    (void)path;
    fi->direct_io = 1; // the kernel keeps no page of it: each read and write comes here
    return 0;
}

static int on_truncate(const char *path, off_t size, struct fuse_file_info *fi) {
    (void)size, (void)fi;
    return is_disk(path) ? -EPERM : 0; // `echo … >control` truncates
}

static int on_read(const char *path, char *to, size_t size, off_t offset, struct fuse_file_info *fi) {
    (void)fi;
    pthread_mutex_lock(&lock);
    int result = is_disk(path) ? disk_read(to, size, offset) : state(to, size, offset);
    pthread_mutex_unlock(&lock);
    return result;
}

static int on_write(const char *path, const char *from, size_t size, off_t offset, struct fuse_file_info *fi) {
    (void)fi;
    char line[256];
    pthread_mutex_lock(&lock);
    int result = -EINVAL;
    if (is_disk(path)) {
        result = disk_write(from, size, offset);
    } else if (size < sizeof line) {
        memcpy(line, from, size);
        line[size] = 0;
        result = command(line) ? (int)size : -EINVAL;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static int on_fsync(const char *path, int data_only, struct fuse_file_info *fi) {
    (void)data_only, (void)fi;
    pthread_mutex_lock(&lock);
    int result = is_disk(path) ? disk_flush() : 0;
    pthread_mutex_unlock(&lock);
    return result;
}

// Each close(2) of a descriptor of the file.
static int on_close(const char *path, struct fuse_file_info *fi) {
    (void)fi;
    pthread_mutex_lock(&lock);
    int result = is_disk(path) ? gate(CLOSE, 0, disk_size) : 0;
    pthread_mutex_unlock(&lock);
    return result;
}

static void *on_init(struct fuse_conn_info *connection, struct fuse_config *config) {
    connection->max_background = THREADS / 2; // stalled requests leave threads for the control file
    config->attr_timeout = config->entry_timeout = 3600;
    return NULL;
}

static const struct fuse_operations operations = {
    .init = on_init, .getattr = on_getattr, .open = on_open, .truncate = on_truncate,
    .read = on_read, .write = on_write, .fsync = on_fsync, .flush = on_close,
};

static char *zeroes(size_t size) {
    return has_memory(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
}

int main(int argc, char **argv) {
    if (argc != 3 || !number(argv[2], &disk_size) || disk_size == 0 || disk_size % 4096 != 0) {
        fprintf(stderr, "disk MOUNTPOINT BYTES: BYTES is a multiple of 4096\n");
        return 2;
    }
    durable = zeroes(disk_size);
    current = zeroes(disk_size);
    prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0); // memory that this asks for never waits for writeback to the disk that this is
    struct fuse_args arguments = FUSE_ARGS_INIT(1, argv);
    struct fuse *fuse = fuse_new(&arguments, &operations, sizeof operations, NULL);
    if (fuse == NULL || fuse_mount(fuse, argv[1]) != 0 || fuse_set_signal_handlers(fuse_get_session(fuse)) != 0) {
        return 1;
    }
    struct fuse_loop_config *loop = fuse_loop_cfg_create();
    fuse_loop_cfg_set_max_threads(loop, THREADS);
    int result = fuse_loop_mt(fuse, loop);
    fuse_unmount(fuse);
    return result == 0 ? 0 : 1;
}
