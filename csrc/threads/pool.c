/* pool.c - see pool.h.
 *
 * A region in progress is one of a few structures that live as long as the process. Everything that is claimed
 * of it is in one word, `state`: the pieces that are left, [first, end), and the places for further threads. A
 * worker joins by taking a piece and a place in one step. So it reads the rest of the structure only while it
 * holds a piece that the caller waits for; a worker that comes late finds no piece, whatever region is there
 * by then.
 */
#include "system.h"

#include <stdlib.h>

#include "../fpmode.h"
#include "pool.h"

enum {
    REGIONS = 8,          /* at once; others run on the threads that start them */
    WAKES = 2,            /* workers that one thread wakes: those that come wake others in turn */
    PAUSES = 200,         /* between two looks at the clock: 4 us or more */
    POLLING = 100 * 1000, /* ns, before a thread sleeps; waking it takes 50 us */
    GAP = 50 * 1000,      /* ns between two looks at the clock: another program has run here meanwhile, ... */
    CROWDED = 2000 * 1000,     /* ... so nobody polls for so long */
    CREDIT = 1000 * 1000,      /* ns at most, see `judge`, ... */
    TRIAL = 50 * 1000,         /* ... and for another trial: a worker that is woken takes so long */
    ALONE = 2000 * 1000,       /* ns without workers, at least, ... */
    MOST_ALONE = 50000 * 1000, /* ... and at most */
    MOST_TRIALS = 4,           /* that have failed, as far as they count */
    STACK = 2 * 1024 * 1024,   /* bytes */
};

/* state: places in 16 bits, then `first` and `end` of the pieces that are left in 24 bits each. */
#define END ((int64_t)1)
#define FIRST ((int64_t)1 << 24)
#define PLACE ((int64_t)1 << 48)
enum { MOST_PIECES = (1 << 24) - 1, MOST_PLACES = (1 << 15) - 1 };

static int end_of(int64_t state) { return (int)(state & MOST_PIECES); }
static int first_of(int64_t state) { return (int)(state >> 24 & MOST_PIECES); }
static int places_of(int64_t state) { return (int)(state >> 48); }

typedef struct {
    _Alignas(64) fnn_atomic state;
    fnn_piece_fn fn;
    void *context;
    int64_t base;                 /* added to the numbers of pieces */
    int64_t polling;              /* ns that its threads poll for what comes next */
    _Alignas(64) fnn_atomic left; /* workers that have joined and are done */
    fnn_atomic taken, caller_sleeps;
    fnn_condition done;
} region;

static struct {
    _Alignas(64) fnn_atomic epoch; /* counts regions: what idle workers watch */
    _Alignas(64) fnn_atomic callers;
    fnn_atomic sleepers;
    fnn_atomic workers;
    fnn_atomic closed;
    fnn_atomic processors;
    fnn_atomic caller;        /* the processor of who has started the last region, or -1 */
    fnn_atomic crowded_until; /* ns */
    fnn_atomic credit, alone_until, failed_trials; /* see `judge` */
    region regions[REGIONS];
    fnn_lock lock; /* of the conditions, and of what follows */
    fnn_condition work;
    fnn_thread *threads;
    int64_t room; /* in `threads` */
} pool;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Watch a number until it is no longer `value`, and return whether that was before the deadline. Whoever
 * wants this processor gets it meanwhile. */
static int poll(const fnn_atomic *number, int64_t value, int64_t deadline)
{
    int64_t now = fnn_now(), before;
    while (now < deadline && now >= fnn_load(&pool.crowded_until)) {
        for (int i = 0; i < PAUSES; i++) {
            if (fnn_load(number) != value)
                return 1;
            fnn_pause();
        }
        fnn_yield();
        before = now;
        now = fnn_now();
        if (now - before > GAP)
            fnn_store(&pool.crowded_until, now + CROWDED);
    }
    return fnn_load(number) != value;
}

/* Take a piece of a region, and a place where `change` takes one; `before` is the state that it was in. */
static int claim(region *r, int64_t change, int64_t *before)
{
    const int places = change < -END; /* needed */
    *before = fnn_load(&r->state);
    while (first_of(*before) < end_of(*before) && places_of(*before) >= places)
        if (fnn_replace(&r->state, before, *before + change))
            return 1;
    return 0;
}

/* Return whether there was anybody to wake. */
static int wake(const region *r)
{
    int64_t count = least(WAKES, least(places_of(fnn_load(&r->state)), fnn_load(&pool.sleepers)));
    if (count <= 0)
        return 0;
    fnn_acquire(&pool.lock); /* so that nobody is between looking at the epoch and falling asleep */
    fnn_release(&pool.lock);
    while (count--)
        fnn_signal(&pool.work);
    return 1;
}

static void leave(region *r)
{
    fnn_add(&r->left, 1);
    if (fnn_load(&r->caller_sleeps)) {
        fnn_acquire(&pool.lock);
        fnn_release(&pool.lock);
        fnn_signal(&r->done);
    }
}

/* Take pieces of all regions that have some; return how long to poll for more, or -1 if there were none. */
static int64_t help(void)
{
    int64_t state, polling = -1;
    for (int i = 0; i < REGIONS; i++) {
        region *r = &pool.regions[i];
        uint64_t mode;
        int number;
        if (!claim(r, -PLACE - END, &state))
            continue;
        number = places_of(state);
        polling = r->polling;
        wake(r);
        mode = fnn_fp_enter();
        do
            r->fn(r->context, r->base + end_of(state) - 1, number);
        while (!fnn_load(&pool.closed) && claim(r, -END, &state));
        fnn_fp_leave(mode);
        leave(r);
    }
    return polling;
}

static void sleep_until_work(int64_t epoch)
{
    fnn_acquire(&pool.lock);
    fnn_add(&pool.sleepers, 1);
    while (fnn_load(&pool.epoch) == epoch && !fnn_load(&pool.closed))
        fnn_await(&pool.work, &pool.lock);
    fnn_add(&pool.sleepers, -1);
    fnn_release(&pool.lock);
}

/* Leave the processor of the caller: Linux may wake a thread there while others are idle, and has been seen to
 * leave both there for 100 ms. */
static void leave_caller(void)
{
    const int here = fnn_processor();
    if (here >= 0 && here == fnn_load(&pool.caller))
        fnn_leave_processor(here);
}

FNN_THREAD_FUNCTION(work)
{
    int64_t deadline = 0;
    (void)argument;
    while (!fnn_load(&pool.closed)) {
        const int64_t epoch = fnn_load(&pool.epoch);
        int64_t polling;
        leave_caller();
        polling = help();
        if (polling >= 0)
            deadline = fnn_now() + polling;
        else if (!poll(&pool.epoch, epoch, deadline))
            sleep_until_work(epoch);
    }
    return 0;
}

static void sleep_until_left(region *r, int64_t joined)
{
    fnn_acquire(&pool.lock);
    fnn_store(&r->caller_sleeps, 1);
    while (fnn_load(&r->left) != joined)
        fnn_await(&r->done, &pool.lock);
    fnn_store(&r->caller_sleeps, 0);
    fnn_release(&pool.lock);
}

/* Workers help as long as they save more time than it costs to wake them, and to wait for those that are
 * interrupted in a piece; what they have saved lately is a credit. When it is used up, regions run on their
 * callers for some times what is missing, twice as long if the next trial fails too. */
static void judge(int64_t saved, int64_t lost, int64_t now)
{
    const int64_t credit = fnn_load(&pool.credit) + saved - lost;
    if (credit >= 0) {
        fnn_store(&pool.credit, least(CREDIT, credit));
        if (credit >= CREDIT)
            fnn_store(&pool.failed_trials, 0);
        return;
    }
    const int64_t alone = -credit * (4LL << fnn_load(&pool.failed_trials));
    fnn_store(&pool.alone_until, now + (alone < ALONE ? ALONE : least(MOST_ALONE, alone)));
    fnn_store(&pool.failed_trials, least(MOST_TRIALS, fnn_load(&pool.failed_trials) + 1));
    fnn_store(&pool.credit, TRIAL);
}

/* Wait for those who have joined a region. */
static void await_workers(region *r, int64_t joined, int64_t now)
{
    const int64_t deadline = now + r->polling;
    for (int64_t left = fnn_load(&r->left); left != joined; left = fnn_load(&r->left))
        if (!poll(&r->left, left, deadline))
            sleep_until_left(r, joined);
}

/* Run the pieces of a region that is taken, with those who help. */
static void share(region *r, int64_t pieces, int64_t places)
{
    int64_t state, joined, own = 0, waking = 0, computing, waiting = 0, begin = fnn_now(), now;
    fnn_store(&pool.caller, fnn_processor());
    fnn_store(&r->left, 0);
    fnn_store(&r->state, places * PLACE + pieces * END);
    fnn_add(&pool.epoch, 1);
    if (wake(r)) {
        now = fnn_now();
        waking = now - begin;
        begin = now;
    }
    for (; claim(r, FIRST, &state); own++)
        r->fn(r->context, r->base + first_of(state), 0);
    now = fnn_now();
    computing = now - begin;
    joined = places - places_of(state);
    if (fnn_load(&r->left) != joined) {
        begin = now;
        await_workers(r, joined, now);
        now = fnn_now();
        waiting = now - begin;
    }
    judge(own ? computing / own * (pieces - own) : waiting, waking + waiting, now);
}

static region *take_region(void)
{
    for (int i = 0; i < REGIONS; i++) {
        int64_t nobody = 0;
        if (fnn_replace(&pool.regions[i].taken, &nobody, 1))
            return &pool.regions[i];
    }
    return NULL;
}

void fnn_pool_run(fnn_piece_fn fn, void *context, int64_t pieces, int threads)
{
    const uint64_t mode = fnn_fp_enter();
    const int64_t others = threads - fnn_add(&pool.callers, 1);
    const int64_t places = least(least(others, fnn_load(&pool.workers)), least(pieces - 1, MOST_PLACES));
    region *r = places > 0 && fnn_now() >= fnn_load(&pool.alone_until) ? take_region() : NULL;
    if (r) {
        r->fn = fn;
        r->context = context;
        r->polling = threads <= fnn_load(&pool.processors) ? POLLING : 0;
        for (r->base = 0; r->base < pieces; r->base += MOST_PIECES)
            share(r, least(MOST_PIECES, pieces - r->base), places);
        fnn_store(&r->taken, 0);
    } else {
        for (int64_t i = 0; i < pieces; i++)
            fn(context, i, 0);
    }
    fnn_add(&pool.callers, -1);
    fnn_fp_leave(mode);
}

/* Begin without workers and regions. In the child of fork() the calling thread alone exists, in no region. */
static void reset(void)
{
    const fnn_condition condition = FNN_CONDITION_INIT;
    const fnn_lock lock = FNN_LOCK_INIT;
    pool.callers = pool.sleepers = pool.workers = pool.alone_until = pool.failed_trials = 0;
    pool.credit = CREDIT;
    pool.caller = -1;
    pool.threads = NULL; /* not freed, since another thread of the parent may just have been about to */
    pool.room = 0;
    pool.lock = lock;
    pool.work = condition;
    for (int i = 0; i < REGIONS; i++) {
        region *r = &pool.regions[i];
        r->state = r->left = r->taken = r->caller_sleeps = 0;
        r->done = condition;
    }
}

int fnn_pool_open(int processors)
{
    reset();
    pool.processors = processors;
#ifdef _WIN32
    return 1;
#else
    return !pthread_atfork(NULL, NULL, reset);
#endif
}

/* Make room to note so many workers. */
static int make_room(int64_t workers)
{
    fnn_thread *threads;
    if (workers <= pool.room)
        return 1;
    threads = realloc(pool.threads, (size_t)workers * sizeof *threads);
    if (!threads)
        return 0;
    pool.threads = threads;
    pool.room = workers;
    return 1;
}

int fnn_pool_reserve(int threads)
{
    const int64_t wanted = least(threads - 1, MOST_PLACES);
    int64_t made = fnn_load(&pool.workers);
    if (made >= wanted || fnn_load(&pool.closed))
        return threads;
    fnn_acquire(&pool.lock);
    if (make_room(wanted))
        while (!fnn_load(&pool.closed) && fnn_load(&pool.workers) < wanted &&
               fnn_start(&pool.threads[fnn_load(&pool.workers)], work, STACK))
            fnn_add(&pool.workers, 1);
    made = fnn_load(&pool.closed) ? wanted : fnn_load(&pool.workers);
    fnn_release(&pool.lock);
    return made < wanted ? (int)made + 1 : threads;
}

void fnn_pool_close(void)
{
    int64_t workers;
    fnn_acquire(&pool.lock);
    fnn_store(&pool.closed, 1);
    workers = fnn_load(&pool.workers);
    fnn_store(&pool.workers, 0);
    fnn_release(&pool.lock);
    fnn_signal_all(&pool.work);
    while (workers > 0)
        fnn_join(pool.threads[--workers]);
    free(pool.threads);
    pool.threads = NULL;
    pool.room = 0;
}
