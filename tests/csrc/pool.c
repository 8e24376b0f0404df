/* pool.c - the pool of threads: every piece once, numbers of threads that nobody else has, regions from
 * several threads, in pieces of others, across fork() and while the pool is closed.
 *
 * A program of its own, without arguments; the exit status is 1 if anything is wrong. The thread sanitizer
 * sees the memory that regions share (make sanitize-threads).
 */
#include "threads/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "threads/pool.h"

enum { MOST = 1000, THREADS = 16 };

static fnn_atomic failures;

static void expect(int good, const char *what)
{
    if (!good) {
        fnn_add(&failures, 1);
        fprintf(stderr, "pool: %s\n", what);
    }
}

typedef struct {
    int threads, steps; /* what a piece takes */
    int64_t calls[MOST];
    int64_t of_thread[THREADS];
    fnn_atomic users[THREADS];
} record;

static void note(void *context, int64_t piece, int thread)
{
    record *r = context;
    expect(thread >= 0 && thread < r->threads, "the number of a thread is beyond those of the region");
    expect(fnn_add(&r->users[thread], 1) == 1, "two threads have one number");
    r->calls[piece]++;
    r->of_thread[thread]++;
    for (volatile int i = 0; i < r->steps; i++)
        ;
    fnn_add(&r->users[thread], -1);
}

/* A region on a stack frame that is gone at once; what it has done is read without any lock. */
static void check_region(int64_t pieces, int threads, int steps)
{
    record r;
    int64_t sum = 0;
    memset(&r, 0, sizeof r);
    r.threads = threads;
    r.steps = steps;
    fnn_pool_run(note, &r, pieces, threads);
    for (int64_t i = 0; i < MOST; i++)
        expect(r.calls[i] == (i < pieces), "a piece was not done once");
    for (int i = 0; i < THREADS; i++)
        sum += r.of_thread[i];
    expect(sum == pieces, "not as many calls as pieces");
}

static void check_sizes(void)
{
    for (int threads = 1; threads <= THREADS; threads *= 2) {
        expect(fnn_pool_reserve(threads) == threads, "threads cannot be made");
        for (int64_t pieces = 0; pieces <= MOST; pieces = 2 * pieces + 1)
            for (int steps = 0; steps <= 10000; steps += 5000)
                check_region(pieces, threads, pieces < 100 ? steps : 0);
    }
    for (int i = 0; i < 20000; i++)
        check_region(i % 7, 2 + i % 3, i % 5 * 20);
}

static void add_piece(void *context, int64_t piece, int thread) { ((int64_t *)context)[8 * thread] += piece; }

static void check_many_pieces(void)
{
    const int64_t pieces = ((int64_t)1 << 24) + 1000;
    int64_t sums[8 * THREADS] = {0}, sum = 0;
    fnn_pool_run(add_piece, sums, pieces, 4);
    for (int i = 0; i < THREADS; i++)
        sum += sums[8 * i];
    expect(sum == pieces * (pieces - 1) / 2, "more pieces than fit into a word are not all done");
}

static void nested(void *context, int64_t piece, int thread)
{
    (void)context;
    (void)thread;
    check_region(piece, 3, 100);
}

static fnn_atomic running, stopping;

FNN_THREAD_FUNCTION(use_the_pool)
{
    (void)argument;
    fnn_add(&running, 1);
    for (int i = 0; !fnn_load(&stopping); i++) {
        fnn_pool_reserve(1 + i % 4);
        check_region(i % 50, 1 + i % 4, 200);
        if (i % 8 == 0)
            fnn_pool_run(nested, NULL, 5, 4);
    }
    fnn_add(&running, -1);
    return 0;
}

static void start_users(fnn_thread *users, int count)
{
    fnn_store(&stopping, 0);
    for (int i = 0; i < count; i++)
        expect(fnn_start(&users[i], use_the_pool, 1 << 20), "a thread of the test cannot be made");
    while (fnn_load(&running) < count)
        fnn_yield();
}

static void end_users(fnn_thread *users, int count)
{
    fnn_store(&stopping, 1);
    for (int i = 0; i < count; i++)
        fnn_join(users[i]);
}

static void check_concurrent_regions(int count)
{
    fnn_thread users[THREADS];
    start_users(users, count);
    for (int i = 0; i < 300; i++)
        check_region(i % 50, 4, 500);
    end_users(users, count);
}

#if defined(_WIN32) || defined(__SANITIZE_THREAD__) /* which cannot follow a child */
static void check_forks(void) {}
#else
static void check_forks(void)
{
    fnn_thread users[3];
    start_users(users, 3);
    for (int i = 0; i < 50; i++) {
        int status = 1;
        const pid_t child = fork();
        if (child == 0) {
            alarm(60);
            check_region(20, 4, 200);
            expect(fnn_pool_reserve(4) == 4, "a child cannot make threads");
            for (int k = 0; k < 20; k++)
                check_region(20, 4, 200);
            fnn_pool_close();
            _exit(fnn_load(&failures) > 0);
        }
        expect(child > 0 && waitpid(child, &status, 0) == child && status == 0, "a forked child fails");
    }
    end_users(users, 3);
}
#endif

static void check_close(void)
{
    fnn_thread users[3];
    start_users(users, 3);
    fnn_pool_close();
    expect(fnn_pool_reserve(4) == 4, "a closed pool promises less");
    check_region(20, 4, 200);
    end_users(users, 3);
    fnn_pool_close();
}

int main(void)
{
    expect(fnn_pool_open(2), "the pool does not open");
    check_sizes();
    check_many_pieces();
    check_concurrent_regions(3);
    check_concurrent_regions(12);
    check_forks();
    check_close();
    if (!fnn_load(&failures))
        printf("pool: all pieces done once, by threads of their own\n");
    return fnn_load(&failures) > 0;
}
