/* system.h - what the pool needs of the compiler and the system: atomic numbers, a lock, conditions, threads,
 * a clock. POSIX and Windows; all orders are sequentially consistent. It comes before other headers.
 */
#ifndef FASTNN_THREADS_SYSTEM_H
#define FASTNN_THREADS_SYSTEM_H

#ifdef __linux__
#define _GNU_SOURCE /* for the processors of a thread */
#elif !defined(_WIN32)
#define _XOPEN_SOURCE 700 /* or -std=c11 hides what is not of C */
#endif

#include <stdint.h>

#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64)
#include <immintrin.h>
static inline void fnn_pause(void) { _mm_pause(); }
#elif defined(__aarch64__)
static inline void fnn_pause(void) { __asm__ volatile("yield"); }
#else
static inline void fnn_pause(void) {}
#endif

#ifdef _WIN32

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <process.h>

typedef volatile LONG64 fnn_atomic;

static inline int64_t fnn_load(const fnn_atomic *at)
{
    int64_t value = *at;
    MemoryBarrier();
    return value;
}
static inline void fnn_store(fnn_atomic *at, int64_t value) { InterlockedExchange64(at, value); }
/* Add and return the sum. */
static inline int64_t fnn_add(fnn_atomic *at, int64_t value)
{
    return InterlockedExchangeAdd64(at, value) + value;
}
/* Replace *expected; where another value is there, return 0 and put that into *expected. */
static inline int fnn_replace(fnn_atomic *at, int64_t *expected, int64_t value)
{
    const int64_t found = InterlockedCompareExchange64(at, value, *expected);
    const int done = found == *expected;
    *expected = found;
    return done;
}

typedef SRWLOCK fnn_lock;
typedef CONDITION_VARIABLE fnn_condition;
typedef HANDLE fnn_thread;
#define FNN_LOCK_INIT SRWLOCK_INIT
#define FNN_CONDITION_INIT CONDITION_VARIABLE_INIT
#define FNN_THREAD_FUNCTION(name) static unsigned __stdcall name(void *argument)

static inline void fnn_acquire(fnn_lock *lock) { AcquireSRWLockExclusive(lock); }
static inline void fnn_release(fnn_lock *lock) { ReleaseSRWLockExclusive(lock); }
static inline void fnn_await(fnn_condition *condition, fnn_lock *lock)
{
    SleepConditionVariableSRW(condition, lock, INFINITE, 0);
}
static inline void fnn_signal(fnn_condition *condition) { WakeConditionVariable(condition); }
static inline void fnn_signal_all(fnn_condition *condition) { WakeAllConditionVariable(condition); }
static inline void fnn_yield(void) { SwitchToThread(); }

/* Nanoseconds since some moment. */
static inline int64_t fnn_now(void)
{
    LARGE_INTEGER count, frequency;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    return (int64_t)((double)count.QuadPart * (1e9 / (double)frequency.QuadPart));
}

static inline int fnn_start(fnn_thread *thread, unsigned(__stdcall *function)(void *), unsigned stack)
{
    *thread = (HANDLE)_beginthreadex(NULL, stack, function, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return *thread != NULL;
}
static inline void fnn_join(fnn_thread thread)
{
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

#else

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

typedef int64_t fnn_atomic;

static inline int64_t fnn_load(const fnn_atomic *at) { return __atomic_load_n(at, __ATOMIC_SEQ_CST); }
static inline void fnn_store(fnn_atomic *at, int64_t value) { __atomic_store_n(at, value, __ATOMIC_SEQ_CST); }
/* Add and return the sum. */
static inline int64_t fnn_add(fnn_atomic *at, int64_t value)
{
    return __atomic_add_fetch(at, value, __ATOMIC_SEQ_CST);
}
/* Replace *expected; where another value is there, return 0 and put that into *expected. */
static inline int fnn_replace(fnn_atomic *at, int64_t *expected, int64_t value)
{
    return __atomic_compare_exchange_n(at, expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

typedef pthread_mutex_t fnn_lock;
typedef pthread_cond_t fnn_condition;
typedef pthread_t fnn_thread;
#define FNN_LOCK_INIT PTHREAD_MUTEX_INITIALIZER
#define FNN_CONDITION_INIT PTHREAD_COND_INITIALIZER
#define FNN_THREAD_FUNCTION(name) static void *name(void *argument)

static inline void fnn_acquire(fnn_lock *lock) { pthread_mutex_lock(lock); }
static inline void fnn_release(fnn_lock *lock) { pthread_mutex_unlock(lock); }
static inline void fnn_await(fnn_condition *condition, fnn_lock *lock) { pthread_cond_wait(condition, lock); }
static inline void fnn_signal(fnn_condition *condition) { pthread_cond_signal(condition); }
static inline void fnn_signal_all(fnn_condition *condition) { pthread_cond_broadcast(condition); }
static inline void fnn_yield(void) { sched_yield(); }

/* Nanoseconds since some moment. */
static inline int64_t fnn_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Start a thread, to which no signal is delivered but those of its own faults. */
static inline int fnn_start(fnn_thread *thread, void *(*function)(void *), unsigned stack)
{
    const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    pthread_attr_t attributes;
    sigset_t blocked, before;
    int made;
    sigfillset(&blocked);
    for (unsigned i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(&blocked, own[i]);
    if (pthread_attr_init(&attributes))
        return 0;
    pthread_attr_setstacksize(&attributes, stack);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    made = !pthread_create(thread, &attributes, function, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return made;
}
static inline void fnn_join(fnn_thread thread) { pthread_join(thread, NULL); }

#endif

#ifdef __linux__

/* The number of the processor that the calling thread runs on, or -1. */
static inline int fnn_processor(void) { return sched_getcpu(); }

/* Go on on another processor than this one, if the calling thread may. */
static inline void fnn_leave_processor(int processor)
{
    cpu_set_t all, others;
    if (sched_getaffinity(0, sizeof all, &all))
        return;
    others = all;
    CPU_CLR((size_t)processor, &others);
    if (CPU_COUNT(&others) && !sched_setaffinity(0, sizeof others, &others))
        sched_setaffinity(0, sizeof all, &all);
}

#else

static inline int fnn_processor(void) { return -1; }
static inline void fnn_leave_processor(int processor) { (void)processor; }

#endif

#endif
