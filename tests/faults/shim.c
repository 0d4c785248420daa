/* Number the file system calls of a process below one folder. Log them, and let one of them fail.
 *
 * It is loaded with LD_PRELOAD and does nothing until `shim_arm` is called. Calls are numbered from 1 over all threads.
 * Only calls through the C library are seen, which is how Python, SQLite, numpy and FAISS make them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum fault { NOTHING, FAIL, FULL, SHORT, KILL };
#define ROOM 1 /* the call asks for room on the disk */

static char root[1024];
static int armed, fault_kind, fault_error, log_fd = -1, numbers_reads;
static long fault_at, number;

/* Arm the shim for calls below `folder`. The call with the number `at` fails.
 * FAIL: once. FULL: with ENOSPC, and so does each later call that asks for room. SHORT: a write writes half.
 * KILL: the process gets SIGKILL before the call. `reads`: number the calls that read instead of those that write. */
void shim_arm(const char *folder, int kind, long at, int error, int log, int reads) {
    snprintf(root, sizeof root, "%s", folder);
    fault_kind = kind;
    fault_at = at;
    fault_error = error;
    log_fd = log;
    numbers_reads = reads;
    number = 0;
    armed = 1;
}

/* Write `what`, the path and a note as one line of the log. */
static void record(long n, const char *what, const char *path, const char *note) {
    char line[2600];
    if (log_fd < 0) return;
    int length = snprintf(line, sizeof line, "%ld\t%s\t%s\t%s\n", n, what, path, note);
    int kept = errno;
    if (length > 0 && syscall(SYS_write, log_fd, line, (size_t)length) < 0) {
    }
    errno = kept;
}

/* Write the absolute path of `name` relative to the folder `at`. */
static void absolute(char *out, size_t size, int at, const char *name) {
    char link[64], base[1024] = "";
    int kept = errno;
    if (name[0] != '/') {
        if (at == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) base[0] = 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
            ssize_t n = readlink(link, base, sizeof base - 1);
            base[n > 0 ? n : 0] = 0;
        }
    }
    errno = kept;
    snprintf(out, size, "%s%s%s", base, base[0] ? "/" : "", name);
}

static int below(const char *path) { return armed && strncmp(path, root, strlen(root)) == 0; }

static enum fault numbered(const char *what, const char *path, const char *note, int flags) {
    long n = __atomic_add_fetch(&number, 1, __ATOMIC_SEQ_CST);
    record(n, what, path, note);
    if (fault_kind == NOTHING || n < fault_at) return NOTHING;
    if (n > fault_at) {
        if (fault_kind != FULL || !(flags & ROOM)) return NOTHING;
        errno = ENOSPC;
        return FAIL;
    }
    if (fault_kind == KILL) syscall(SYS_kill, getpid(), SIGKILL);
    if (fault_kind == SHORT) return SHORT;
    errno = fault_kind == FULL ? ENOSPC : fault_error;
    return FAIL;
}

static enum fault by_name(const char *what, int at, const char *name, const char *note, int flags) {
    char path[2100];
    if (!armed || numbers_reads || !name) return NOTHING;
    absolute(path, sizeof path, at, name);
    return below(path) ? numbered(what, path, note, flags) : NOTHING;
}

static int path_of(int fd, char *path, size_t size) {
    char link[64];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, size - 1);
    errno = kept;
    if (n < 0) return 0;
    path[n] = 0;
    return below(path);
}

static enum fault by_fd(const char *what, int fd, const char *note, int flags) {
    char path[1100];
    if (!armed || numbers_reads || fd == log_fd || !path_of(fd, path, sizeof path)) return NOTHING;
    return numbered(what, path, note, flags);
}

static enum fault by_read(const char *what, int fd) {
    char path[1100];
    if (!armed || !numbers_reads || !path_of(fd, path, sizeof path)) return NOTHING;
    return numbered(what, path, "", 0);
}

#define REAL(result, name, ...)                    \
    static result (*real)(__VA_ARGS__);            \
    if (!real) real = dlsym(RTLD_NEXT, name)

/* Data. */
ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    enum fault fault = by_fd("write", fd, "", ROOM);
    if (fault == FAIL) return -1;
    return real(fd, data, fault == SHORT && size > 1 ? size / 2 : size);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return by_fd("write", fd, "", ROOM) == FAIL ? -1 : real(fd, parts, count);
}
#define PWRITE(name, offset)                                                             \
    ssize_t name(int fd, const void *data, size_t size, offset place) {                  \
        REAL(ssize_t, #name, int, const void *, size_t, offset);                         \
        enum fault fault = by_fd("pwrite", fd, "", ROOM);                                \
        if (fault == FAIL) return -1;                                                    \
        return real(fd, data, fault == SHORT && size > 1 ? size / 2 : size, place);      \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
    REAL(size_t, "fwrite", const void *, size_t, size_t, FILE *);
    enum fault fault = by_fd("fwrite", fileno(file), "", ROOM);
    if (fault == FAIL) return 0;
    if (fault == SHORT) {
        size_t half = real(data, size, count / 2, file);
        errno = ENOSPC;
        return half;
    }
    return real(data, size, count, file);
}
/* A failing flush loses what the buffer holds. */
static int flush_fails(const char *what, FILE *file) {
    if (!armed || !file || __fpending(file) == 0 || by_fd(what, fileno(file), "", ROOM) != FAIL) return 0;
    int kept = errno;
    __fpurge(file);
    errno = kept;
    return 1;
}
int fflush(FILE *file) {
    REAL(int, "fflush", FILE *);
    return flush_fails("fflush", file) ? EOF : real(file);
}
int fclose(FILE *file) {
    REAL(int, "fclose", FILE *);
    int fails = flush_fails("fclose", file), kept = errno, result = real(file);
    if (!fails) return result;
    errno = kept;
    return EOF;
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags) {
    REAL(ssize_t, "copy_file_range", int, off64_t *, int, off64_t *, size_t, unsigned);
    return by_fd("write", out, "", ROOM) == FAIL ? -1 : real(in, from, out, to, size, flags);
}
ssize_t sendfile(int out, int in, off_t *from, size_t size) {
    REAL(ssize_t, "sendfile", int, int, off_t *, size_t);
    return by_fd("write", out, "", ROOM) == FAIL ? -1 : real(out, in, from, size);
}

/* Size. `posix_fallocate` returns its error. */
#define TRUNCATE(name, offset)                                                              \
    int name(int fd, offset size) {                                                         \
        REAL(int, #name, int, offset);                                                      \
        return by_fd("ftruncate", fd, "", size ? ROOM : 0) == FAIL ? -1 : real(fd, size);   \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)
#define ALLOCATE(name, offset)                                                                      \
    int name(int fd, offset from, offset size) {                                                    \
        REAL(int, #name, int, offset, offset);                                                      \
        return by_fd("fallocate", fd, "", ROOM) == FAIL ? errno : real(fd, from, size);             \
    }
ALLOCATE(posix_fallocate, off_t)
ALLOCATE(posix_fallocate64, off64_t)
int fallocate(int fd, int mode, off_t from, off_t size) {
    REAL(int, "fallocate", int, int, off_t, off_t);
    return by_fd("fallocate", fd, "", ROOM) == FAIL ? -1 : real(fd, mode, from, size);
}

/* Flushing. */
int fsync(int fd) {
    REAL(int, "fsync", int);
    return by_fd("fsync", fd, "", 0) == FAIL ? -1 : real(fd);
}
int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return by_fd("fsync", fd, "", 0) == FAIL ? -1 : real(fd);
}
int msync(void *place, size_t size, int flags) {
    REAL(int, "msync", void *, size_t, int);
    return real(place, size, flags);
}
#define MAP(name, offset)                                                                                       \
    void *name(void *place, size_t size, int protection, int flags, int fd, offset from) {                      \
        REAL(void *, #name, void *, size_t, int, int, int, offset);                                             \
        char path[1100];                                                                                        \
        if (armed && fd >= 0 && (flags & MAP_SHARED) && (protection & PROT_WRITE) && path_of(fd, path, sizeof path)) \
            record(0, "mmap", path, "");                                                                        \
        return real(place, size, protection, flags, fd, from);                                                  \
    }
MAP(mmap, off_t)
MAP(mmap64, off64_t)

/* Names. */
static int rename_fails(int a, const char *from, int b, const char *to) {
    char target[2100];
    if (!armed) return 0;
    absolute(target, sizeof target, b, to);
    return by_name("rename", a, from, target, 0) == FAIL;
}
int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return rename_fails(AT_FDCWD, from, AT_FDCWD, to) ? -1 : real(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    return rename_fails(a, from, b, to) ? -1 : real(a, from, b, to);
}
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    return rename_fails(a, from, b, to) ? -1 : real(a, from, b, to, flags);
}
int mkdir(const char *name, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return by_name("mkdir", AT_FDCWD, name, "", ROOM) == FAIL ? -1 : real(name, mode);
}
int mkdirat(int at, const char *name, mode_t mode) {
    REAL(int, "mkdirat", int, const char *, mode_t);
    return by_name("mkdir", at, name, "", ROOM) == FAIL ? -1 : real(at, name, mode);
}
int unlink(const char *name) {
    REAL(int, "unlink", const char *);
    return by_name("unlink", AT_FDCWD, name, "", 0) == FAIL ? -1 : real(name);
}
int unlinkat(int at, const char *name, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    return by_name(flags & AT_REMOVEDIR ? "rmdir" : "unlink", at, name, "", 0) == FAIL ? -1 : real(at, name, flags);
}
int rmdir(const char *name) {
    REAL(int, "rmdir", const char *);
    return by_name("rmdir", AT_FDCWD, name, "", 0) == FAIL ? -1 : real(name);
}

/* Opening. A call is numbered if it may create or empty a file. The note says whether the file is there. */
static int opening_fails(int at, const char *name, int flags) {
    struct stat found;
    char path[2100];
    if (!armed || !(flags & (O_CREAT | O_TRUNC))) return 0;
    absolute(path, sizeof path, at, name);
    int kept = errno;
    int there = stat(path, &found) == 0;
    errno = kept;
    const char *note = !there ? "new" : flags & O_TRUNC && found.st_size ? "emptied" : "there";
    return by_name("open", AT_FDCWD, path, note, there ? 0 : ROOM) == FAIL;
}
#define OPEN(name)                                                       \
    int name(const char *path, int flags, ...) {                         \
        REAL(int, #name, const char *, int, ...);                        \
        mode_t mode = 0;                                                 \
        if (flags & (O_CREAT | O_TMPFILE)) {                             \
            va_list rest;                                                \
            va_start(rest, flags);                                       \
            mode = va_arg(rest, mode_t);                                 \
            va_end(rest);                                                \
        }                                                                \
        return opening_fails(AT_FDCWD, path, flags) ? -1 : real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
#define OPENAT(name)                                                     \
    int name(int at, const char *path, int flags, ...) {                 \
        REAL(int, #name, int, const char *, int, ...);                   \
        mode_t mode = 0;                                                 \
        if (flags & (O_CREAT | O_TMPFILE)) {                             \
            va_list rest;                                                \
            va_start(rest, flags);                                       \
            mode = va_arg(rest, mode_t);                                 \
            va_end(rest);                                                \
        }                                                                \
        return opening_fails(at, path, flags) ? -1 : real(at, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)
#define FOPEN(name)                                                                        \
    FILE *name(const char *path, const char *mode) {                                       \
        REAL(FILE *, #name, const char *, const char *);                                   \
        int flags = mode[0] == 'w' ? O_CREAT | O_TRUNC : mode[0] == 'a' ? O_CREAT : 0;     \
        return opening_fails(AT_FDCWD, path, flags) ? NULL : real(path, mode);             \
    }
FOPEN(fopen)
FOPEN(fopen64)

/* Reading. */
ssize_t read(int fd, void *data, size_t size) {
    REAL(ssize_t, "read", int, void *, size_t);
    return by_read("read", fd) == FAIL ? -1 : real(fd, data, size);
}
#define PREAD(name, offset)                                                         \
    ssize_t name(int fd, void *data, size_t size, offset place) {                   \
        REAL(ssize_t, #name, int, void *, size_t, offset);                          \
        return by_read("pread", fd) == FAIL ? -1 : real(fd, data, size, place);     \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)
