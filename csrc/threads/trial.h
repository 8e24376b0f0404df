/* trial.h - how many threads OpenMP may be asked for: it ends the process where it cannot make one. */
#ifndef FASTNN_THREADS_TRIAL_H
#define FASTNN_THREADS_TRIAL_H

#if defined(_OPENMP) && !defined(_WIN32)
#include <pthread.h>
#include <stdlib.h>
#ifdef __linux__
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

typedef struct {
    pthread_t thread;
    pthread_mutex_t *gate;
    long id;
} fnn_trial;

static void *fnn_try_thread(void *argument)
{
    fnn_trial *trial = argument;
#ifdef __linux__
    trial->id = syscall(SYS_gettid);
#endif
    pthread_mutex_lock(trial->gate);
    pthread_mutex_unlock(trial->gate);
    return NULL;
}

/* How many of so many threads, the calling one included, can exist at once. They are made, and are gone for
 * the system too when this returns. */
static int fnn_possible_threads(int wanted)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    fnn_trial *trials = malloc(sizeof(fnn_trial) * (size_t)wanted);
    int made = 0, i;
    if (!trials)
        return 1;
    pthread_mutex_lock(&gate);
    for (; made < wanted - 1; made++) {
        trials[made].gate = &gate;
        if (pthread_create(&trials[made].thread, NULL, fnn_try_thread, &trials[made]))
            break;
    }
    pthread_mutex_unlock(&gate);
    for (i = 0; i < made; i++) {
        pthread_join(trials[i].thread, NULL);
#ifdef __linux__
        while (!syscall(SYS_tgkill, getpid(), trials[i].id, 0))
            sched_yield();
#endif
    }
    free(trials);
    return made + 1;
}
static __thread int fnn_threads_seen = 1;
#else
static int fnn_possible_threads(int wanted) { return wanted; }
static int fnn_threads_seen = 1;
#endif

#endif
