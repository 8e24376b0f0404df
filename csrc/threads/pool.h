/* pool.h - the threads of this process that help with the pieces of a region.
 *
 * A region is one function, called for pieces 0, 1, ... of the same work. The thread that starts it takes
 * pieces from the front, and workers that have time take others from the back, until there are none left.
 * Nobody waits for a worker that has not taken a piece: where other programs hold the processors, a region
 * is as fast as its caller, and a worker that is interrupted delays what it has begun and nothing else. Where
 * that happens too often, regions do without workers for some milliseconds.
 *
 * Regions may be started from several threads at once, and from a piece of another region: there are never
 * more threads at work than the largest number that one of them asks for, save the callers themselves.
 *
 * fork(): a child has no workers until it reserves some. Its parent may be in any state.
 */
#ifndef FASTNN_THREADS_POOL_H
#define FASTNN_THREADS_POOL_H

#include <stdint.h>

/* One piece of the work, and the number of the thread that does it, below that of the region's threads; at
 * most one thread has a number at a time. */
typedef void (*fnn_piece_fn)(void *context, int64_t piece, int thread);

/* Prepare for a process that has so many processors, once, before all else; return whether there was memory.
 * In regions of more threads nobody polls for what comes next; in others threads do for some microseconds
 * before they sleep. */
int fnn_pool_open(int processors);

/* Start workers until so many threads, the calling one included, can share a region, and return how many can:
 * fewer where the system makes no more threads. */
int fnn_pool_reserve(int threads);

/* Call fn(context, 0, ...) to fn(context, pieces - 1, ...), on at most `threads` threads, and return when all
 * calls have. They run in the kernels' floating-point mode, see fpmode.h. */
void fnn_pool_run(fnn_piece_fn fn, void *context, int64_t pieces, int threads);

/* End the workers, and return when they have ended. From then on regions run on the threads that start them. */
void fnn_pool_close(void);

#endif
