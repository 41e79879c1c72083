/*
 * A disk that fails, fills up or is slow, and a clock that jumps, for one process: preloaded into it by the tests, no part of the product.
 *
 * FAULTS_FILE names a file of 16 numbers of 64 bits that both sides map or write: the test gives orders in it and reads what happened.
 * FAULTS_TRACE, where set, names a file that gets a line for each call on a file beneath FAULTS_FOLDER that changes something or makes it
 * last. Only files beneath FAULTS_FOLDER are concerned.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Places in the file of orders. */
enum {
    FAIL_AT,     /* the call of this number fails, counted from 1 in CALLS; 0: none */
    FAIL_ON,     /* 1: every later call fails too */
    ERROR,       /* with this errno; 0: the process is killed there and then, as kill -9 does */
    KINDS,       /* a bit for each kind of call that is counted and may fail */
    CALLS,       /* calls counted so far */
    FAILED,      /* calls that failed so far */
    SYNCS,       /* fsync and fdatasync done so far */
    SYNC_WAIT_US,/* each of them takes so much longer */
    CLOCK_S,     /* the clock on the wall is so many seconds ahead */
    WRITE_WAIT_US,/* each write takes so much longer */
    PLACES = 16
};

/* Kinds of calls. */
enum { READ = 1, WRITE = 2, SYNC = 4, RENAME = 8, MAKE = 16, CUT = 32, REMOVE = 64 };

static volatile int64_t *orders;
static const char *folder;
static size_t folder_length;
static int trace = -1;

#define NEXT(name) \
    static __typeof__(&name) next_##name; \
    if (!next_##name) next_##name = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("FAULTS_FILE");
    folder = getenv("FAULTS_FOLDER");
    if (!name || !folder) return;
    folder_length = strlen(folder);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) _exit(99);
    void *mapped = mmap(NULL, PLACES * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (mapped == MAP_FAILED) _exit(99);
    const char *traced = getenv("FAULTS_TRACE");
    if (traced) trace = (int)syscall(SYS_openat, AT_FDCWD, traced, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    orders = mapped;
}

static int is_ours(const char *path) {
    return path && !strncmp(path, folder, folder_length);
}

/* The path of an open file beneath the folder, or 0. */
static int path_of(int fd, char *path, size_t room) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, room - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_ours(path);
}

static void tell(const char *call, const char *path) {
    if (trace < 0) return;
    char line[1200];
    int length = snprintf(line, sizeof line, "%s %s\n", call, path + folder_length);
    if (length > 0) syscall(SYS_write, trace, line, (size_t)length);
}

static void wait_us(int64_t us) {
    if (us <= 0) return;
    struct timespec wait = { us / 1000000, us % 1000000 * 1000 };
    syscall(SYS_nanosleep, &wait, NULL);
}

/* Counts a call; whether it is to fail. */
static int fails(int kind) {
    if (!(orders[KINDS] & kind)) return 0;
    int64_t number = __atomic_add_fetch(&orders[CALLS], 1, __ATOMIC_SEQ_CST), at = orders[FAIL_AT];
    if (!at || (number != at && !(orders[FAIL_ON] && number > at))) return 0;
    __atomic_add_fetch(&orders[FAILED], 1, __ATOMIC_SEQ_CST);
    if (!orders[ERROR]) {
        syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
        for (;;) wait_us(1000000);
    }
    errno = (int)orders[ERROR];
    return 1;
}

/* A call on an open file: 1 when it is to fail. Errors of the system's own calls in here stay here. */
static int on_file(int kind, const char *call, int fd) {
    char path[1024];
    if (!orders || fd < 3) return 0;
    int before = errno;
    int ours = path_of(fd, path, sizeof path);
    errno = before;
    if (!ours) return 0;
    if (fails(kind)) return 1;
    if (kind == WRITE) wait_us(orders[WRITE_WAIT_US]);
    if (kind != READ) tell(call, path);
    errno = before;
    return 0;
}

static int on_path(int kind, const char *call, const char *path) {
    if (!orders || !is_ours(path)) return 0;
    int before = errno;
    if (fails(kind)) return 1;
    tell(call, path);
    errno = before;
    return 0;
}

static int syncs(const char *call, int fd) {
    char path[1024];
    if (on_file(SYNC, call, fd)) return 1;
    if (orders && fd > 2 && path_of(fd, path, sizeof path)) {
        wait_us(orders[SYNC_WAIT_US]);
        __atomic_add_fetch(&orders[SYNCS], 1, __ATOMIC_SEQ_CST);
    }
    return 0;
}

ssize_t read(int fd, void *bytes, size_t length) {
    NEXT(read);
    return on_file(READ, "read", fd) ? -1 : next_read(fd, bytes, length);
}

ssize_t pread(int fd, void *bytes, size_t length, off_t at) {
    NEXT(pread);
    return on_file(READ, "read", fd) ? -1 : next_pread(fd, bytes, length, at);
}

ssize_t pread64(int fd, void *bytes, size_t length, off64_t at) {
    NEXT(pread64);
    return on_file(READ, "read", fd) ? -1 : next_pread64(fd, bytes, length, at);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    NEXT(write);
    return on_file(WRITE, "write", fd) ? -1 : next_write(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    NEXT(pwrite);
    return on_file(WRITE, "write", fd) ? -1 : next_pwrite(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    NEXT(pwrite64);
    return on_file(WRITE, "write", fd) ? -1 : next_pwrite64(fd, bytes, length, at);
}

int fsync(int fd) {
    NEXT(fsync);
    return syncs("sync", fd) ? -1 : next_fsync(fd);
}

int fdatasync(int fd) {
    NEXT(fdatasync);
    return syncs("sync", fd) ? -1 : next_fdatasync(fd);
}

int ftruncate(int fd, off_t length) {
    NEXT(ftruncate);
    return on_file(CUT, "cut", fd) ? -1 : next_ftruncate(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    NEXT(ftruncate64);
    return on_file(CUT, "cut", fd) ? -1 : next_ftruncate64(fd, length);
}

int rename(const char *from, const char *to) {
    NEXT(rename);
    return on_path(RENAME, "rename", to) ? -1 : next_rename(from, to);
}

int mkdir(const char *path, mode_t mode) {
    NEXT(mkdir);
    return on_path(MAKE, "make", path) ? -1 : next_mkdir(path, mode);
}

int unlink(const char *path) {
    NEXT(unlink);
    return on_path(REMOVE, "remove", path) ? -1 : next_unlink(path);
}

/* Opening fails only where it makes a file. */
#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        NEXT(name); \
        mode_t mode = 0; \
        int makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE; \
        if (makes) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = (mode_t)va_arg(rest, int); \
            va_end(rest); \
        } \
        return makes && on_path(MAKE, "make", path) ? -1 : next_##name(path, flags, mode); \
    }
OPENS(open)
OPENS(open64)

int clock_gettime(clockid_t clock, struct timespec *now) {
    NEXT(clock_gettime);
    int done = next_clock_gettime(clock, now);
    if (!done && orders && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += orders[CLOCK_S];
    return done;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    NEXT(gettimeofday);
    int done = next_gettimeofday(now, zone);
    if (!done && orders) now->tv_sec += orders[CLOCK_S];
    return done;
}

time_t time(time_t *told) {
    NEXT(time);
    time_t now = next_time(NULL) + (orders ? orders[CLOCK_S] : 0);
    if (told) *told = now;
    return now;
}
