/* A disk that fails: loaded before libc, it lets the N-th operation on files below one folder fail, as asked by plan(). */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define DESCRIPTORS 65536
#define SHORT -1

enum { NOTHING, WRITE, OPEN, SYNC, RENAME, TRUNCATE, MKDIR };

static int kind, fault, first, last, count, failed;
static char folder[4096];
static char watched[DESCRIPTORS];

/* From now on operations of a kind numbered from `from` to `to` (from 1) on files below `below` fail. */
void plan(int what, int how, int from, int to, const char *below)
{
    kind = what, fault = how, first = from, last = to, count = failed = 0;
    snprintf(folder, sizeof folder, "%s", below);
}

/* How many operations failed since plan(). */
int failures(void) { return failed; }

static int is_below(const char *path) { return folder[0] && !strncmp(path, folder, strlen(folder)); }

static int is_watched(int fd) { return fd >= 0 && fd < DESCRIPTORS && watched[fd]; }

static int fails(int what)
{
    if (what != kind || ++count < first || count > last)
        return 0;
    failed++;
    errno = fault;
    return 1;
}

static int noted(int fd, const char *path)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        watched[fd] = is_below(path);
    return fd;
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

#define OPENS(name)                                                                            \
    int name(const char *path, int flags, ...)                                                 \
    {                                                                                          \
        va_list rest;                                                                          \
        va_start(rest, flags);                                                                 \
        mode_t mode = va_arg(rest, mode_t);                                                    \
        va_end(rest);                                                                          \
        if (is_below(path) && flags & (O_WRONLY | O_RDWR) && fails(OPEN))                      \
            return -1;                                                                         \
        return noted(REAL(int, #name, const char *, int, ...)(path, flags, mode), path);       \
    }
OPENS(open)
OPENS(open64)

int close(int fd)
{
    if (is_watched(fd))
        watched[fd] = 0;
    return REAL(int, "close", int)(fd);
}

/* How much of it is written yet: half, and what cannot be halved is refused as on a full disk. */
static size_t shortened(size_t size)
{
    if (fault != SHORT)
        return 0;
    errno = ENOSPC;
    return size / 2;
}

ssize_t write(int fd, const void *data, size_t size)
{
    if (is_watched(fd) && fails(WRITE)) {
        if ((size = shortened(size)) == 0)
            return -1;
    }
    return REAL(ssize_t, "write", int, const void *, size_t)(fd, data, size);
}

#define WRITES(name, offset)                                                                            \
    ssize_t name(int fd, const void *data, size_t size, offset at)                                      \
    {                                                                                                   \
        if (is_watched(fd) && fails(WRITE)) {                                                           \
            if ((size = shortened(size)) == 0)                                                          \
                return -1;                                                                              \
        }                                                                                               \
        return REAL(ssize_t, #name, int, const void *, size_t, offset)(fd, data, size, at);             \
    }
WRITES(pwrite, off_t)
WRITES(pwrite64, off64_t)

#define SYNCS(name) \
    int name(int fd) { return is_watched(fd) && fails(SYNC) ? -1 : REAL(int, #name, int)(fd); }
SYNCS(fsync)
SYNCS(fdatasync)

#define TRUNCATES(name, offset)                                                                              \
    int name(int fd, offset size)                                                                            \
    {                                                                                                        \
        return is_watched(fd) && fails(TRUNCATE) ? -1 : REAL(int, #name, int, offset)(fd, size);             \
    }
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)

int rename(const char *from, const char *to)
{
    return is_below(to) && fails(RENAME) ? -1 : REAL(int, "rename", const char *, const char *)(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    return is_below(path) && fails(MKDIR) ? -1 : REAL(int, "mkdir", const char *, mode_t)(path, mode);
}
