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
#include <condition_variable>
#include <cstdint>
#include <mutex>
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

// Where threads wait: first awake, as waking takes longer than a small step, then asleep, so that a thread which lost its
// core gets this one. Nobody yields: a core that is yielded to another program may be gone for milliseconds.
class Gate {
 public:
  // Until ready() is true, which is asked for by sequentially consistent loads.
  template <typename Ready> void wait(Ready ready) {
    for (int looks = 0; looks < kLooks; looks++) {
      if (ready()) return;
      relax();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1);
    opened_.wait(lock, ready);
    sleepers_.fetch_sub(1);
  }

  // After what makes it true, which is done by a sequentially consistent store: so the sleeper sees that, or we see it.
  void open() {
    if (sleepers_.load() == 0) return;
    { const std::lock_guard<std::mutex> asleep_by_now(mutex_); }
    opened_.notify_all();
  }

 private:
  static constexpr int kLooks = 4000;

  std::mutex mutex_;
  std::condition_variable opened_;
  std::atomic<int> sleepers_{0};
};

class Pool {
 public:
  // At most so many threads: fewer where memory or a limit of the system ends them.
  explicit Pool(int threads, bool flush = true) : flush_(flush), process_(getpid()) {
    while (!start(threads)) {  // half of those that could be started: the stacks of all leave no memory to work in
      threads = (threads_ + 1) / 2;
      end();
    }
  }

  ~Pool() { end(); }

  int threads() const { return threads_; }
  bool usable() const { return threads_ == 1 || process_ == getpid(); }

  // job(context, thread) on the caller's thread, and on the others as far as they come before it is done there; returns
  // when all that came are done. A thread that is off its core is not waited for: a job takes what is left of its
  // work until nothing is, so that it does not matter who comes, and when.
  void run(void (*job)(void*, int), void* context) {
    const TinyIsZero tiny(flush_);
    if (threads_ == 1) return job(context, 0);
    job_ = job;
    context_ = context;
    state_.store(next_turn() | kOpen);
    begun_.open();
    job(context, 0);
    if ((state_.fetch_and(~kOpen) & kInside) != 0) done_.wait([this] { return (state_.load() & kInside) == 0; });
  }

 private:
  // The state: a count of turns, whether workers may come into the job of this turn, whether they are to end, and how many
  // are inside the job.
  static constexpr std::uint64_t kTurn = 1 << 16, kOpen = 1 << 15, kEnd = 1 << 14, kInside = kEnd - 1;

  std::uint64_t next_turn() const { return (state_.load() / kTurn + 1) * kTurn; }

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
    state_.store(next_turn() | kEnd);
    begun_.open();
    for (auto& worker : workers_) worker.join();
    workers_.clear();
    state_.store(0);  // new ones count from there
  }

  void work(int thread) {
    const TinyIsZero tiny(flush_);
    for (std::uint64_t seen = 0;;) {
      begun_.wait([&] { return state_.load() / kTurn != seen; });
      std::uint64_t state = state_.load();
      while ((state & kOpen) && !state_.compare_exchange_weak(state, state + 1)) {}
      if (state & kEnd) return;
      seen = state / kTurn;
      if (!(state & kOpen)) continue;  // came too late
      job_(context_, thread);
      if ((state_.fetch_sub(1) & (kOpen | kInside)) == 1) done_.open();
    }
  }

  int threads_ = 1;
  bool flush_;
  pid_t process_;
  std::vector<std::thread> workers_;
  void (*job_)(void*, int) = nullptr;
  void* context_ = nullptr;
  alignas(64) std::atomic<std::uint64_t> state_{0};  // alone in its line: workers look at it all the time
  alignas(64) Gate begun_;                           // workers wait for a turn here
  Gate done_;                                        // and the caller for those inside
};

}  // namespace chainrule

#endif
