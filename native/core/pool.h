// A small pool of threads. Not OpenMP: its GNU runtime hangs in a forked child. With CHAINRULE_NO_THREADS, for
// machines that have none, the caller's thread is all there is.
#pragma once

#include "flush.h"

#if defined(CHAINRULE_NO_THREADS)

namespace chainrule {

class Pool {
 public:
  explicit Pool(int, bool flush = true) : flush_(flush) {}
  int threads() const { return 1; }
  bool usable() const { return true; }
  void run(void (*job)(void*, int), void* context) {
    const TinyIsZero tiny(flush_);
    job(context, 0);
  }

 private:
  bool flush_;
};

}  // namespace chainrule

#else

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace chainrule {

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

class Pool {
 public:
  // At most so many threads: fewer where memory or a limit of the system ends them.
  explicit Pool(int threads, bool flush = true) : flush_(flush), process_(getpid()) {
    while (!start(threads)) {  // half of those that could be started: the stacks of all leave no memory to work in
      threads = (threads_ + 1) / 2;
      end();
    }
  }

  ~Pool() {
    if (process_ == getpid()) end();
    for (auto& worker : workers_) worker.detach();  // a forked child: the threads exist in the parent only
  }

  int threads() const { return threads_; }
  bool usable() const { return threads_ == 1 || process_ == getpid(); }

  // job(context, thread) on every thread; returns when all are done.
  void run(void (*job)(void*, int), void* context) {
    const TinyIsZero tiny(flush_);
    if (threads_ == 1) return job(context, 0);
    job_ = job;
    context_ = context;
    busy_.store(threads_ - 1, std::memory_order_relaxed);
    turn_.fetch_add(1, std::memory_order_release);
    turn_.notify_all();
    job(context, 0);
    for (int spins = 0; busy_.load(std::memory_order_acquire) != 0; spins++) {
      if (spins < kSpins) relax();
      else std::this_thread::yield();
    }
  }

 private:
  static constexpr int kSpins = 4000;

  bool start(int threads) {
    workers_.reserve(threads - 1);
    threads_ = 1;
    try {
      for (; threads_ < threads; threads_++) workers_.emplace_back([this, i = threads_] { work(i); });
    } catch (const std::system_error&) {
      return false;
    } catch (const std::bad_alloc&) {
      return false;
    }
    return true;
  }

  void end() {
    job_ = nullptr;
    turn_.fetch_add(1, std::memory_order_release);
    turn_.notify_all();
    for (auto& worker : workers_) worker.join();
    workers_.clear();
    turn_.store(0, std::memory_order_relaxed);  // new ones count from there
  }

  void work(int thread) {
    const TinyIsZero tiny(flush_);
    std::uint32_t seen = 0;
    for (;;) {
      for (int spins = 0; turn_.load(std::memory_order_acquire) == seen; spins++) {
        if (spins < kSpins) relax();
        else turn_.wait(seen, std::memory_order_acquire);
      }
      seen++;
      if (!job_) return;
      job_(context_, thread);
      busy_.fetch_sub(1, std::memory_order_release);
    }
  }

  int threads_ = 1;
  bool flush_;
  pid_t process_;
  std::vector<std::thread> workers_;
  void (*job_)(void*, int) = nullptr;
  void* context_ = nullptr;
  std::atomic<std::uint32_t> turn_{0};
  std::atomic<int> busy_{0};
};

}  // namespace chainrule

#endif
