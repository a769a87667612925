/* The machine's peak in float32: independent fused multiply-adds in registers, on so many threads.
   cc -O3 -march=native -pthread peak.c -o peak; ./peak THREADS SECONDS prints GFLOP/s. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
enum { WIDTH = 16 };
#elif defined(__AVX__)
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif
enum { ACCUMULATORS = 12, STEPS = 1000 };
typedef float vector __attribute__((vector_size(WIDTH * sizeof(float))));

#if defined(__x86_64__)
#define KEEP(v) __asm__ volatile("" : "+v"(v))
#else
#define KEEP(v) __asm__ volatile("" : "+w"(v))
#endif

static double seconds_asked;
static pthread_barrier_t together;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void* work(void* result) {
  vector a[ACCUMULATORS], x, y;
  for (int j = 0; j < WIDTH; ++j) x[j] = 0.999999f, y[j] = 1e-7f * j;
#pragma GCC unroll 16
  for (int i = 0; i < ACCUMULATORS; ++i) a[i] = x * (float)i; /* a loop left rolled would keep a in memory */
  pthread_barrier_wait(&together);
  double began = now(), taken, rounds = 0;
  do {
    for (int step = 0; step < STEPS; ++step) {
#pragma GCC unroll 16
      for (int i = 0; i < ACCUMULATORS; ++i) {
        a[i] = a[i] * x + y;
        KEEP(a[i]); /* each stays a register of its own and is not folded */
      }
    }
    rounds += STEPS;
    taken = now() - began;
  } while (taken < seconds_asked);
  *(double*)result = 2.0 * WIDTH * ACCUMULATORS * rounds / taken / 1e9;
  return NULL;
}

int main(int count, char** arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : 1;
  seconds_asked = count > 2 ? atof(arguments[2]) : 0.3;
  pthread_t ids[256];
  double rates[256], sum = 0;
  if (threads < 1 || threads > 256) return 1;
  pthread_barrier_init(&together, NULL, threads);
  for (int i = 0; i < threads; ++i) pthread_create(&ids[i], NULL, work, &rates[i]);
  for (int i = 0; i < threads; ++i) pthread_join(ids[i], NULL), sum += rates[i];
  printf("%.1f\n", sum);
  return 0;
}
