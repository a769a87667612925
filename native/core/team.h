// Work shared out among the threads of a pool, and the wish to stop.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "pool.h"

namespace chainrule {

class Team {
 public:
  Team(int threads, bool flush) : wanted_(threads), flush_(flush), pool_(new Pool(threads, flush)), taken_(threads) {}

  ~Team() {
    if (!pool_->usable()) (void)pool_.release();  // its threads are the parent's: nothing of it can be ended here
  }

  int threads() const { return pool_->threads(); }
  bool flush() const { return flush_; }

  // A pool of the process that we are in: threads do not survive a fork.
  void revive() {
    if (pool_->usable()) return;
    Pool* own = new Pool(wanted_, flush_);
    (void)pool_.release();
    pool_.reset(own);
  }

  // job(number, thread) for 0 … count - 1, each by whoever is free.
  template <typename Job> void each(int count, Job job) {
    std::atomic<int> next{0};
    all([&](int thread) {
      for (int number; (number = next.fetch_add(1)) < count;) job(number, thread);
    });
  }

  // job(part, thread) for as many parts as there are threads. Each thread takes first the part that has its number, as in
  // each step, so that it stays in its cache, and then those that nobody has come for.
  template <typename Job> void parts(Job job) {
    const int count = threads();
    const unsigned turn = ++turn_;
    all([&](int thread) {
      for (int i = 0; i < count; i++) {
        const int part = (thread + i) % count;
        std::atomic<unsigned>& taken = taken_[part].turn;
        if (i > 0 && taken.load(std::memory_order_relaxed) == turn) continue;
        if (taken.exchange(turn, std::memory_order_relaxed) != turn) job(part, thread);
      }
    });
  }

 private:
  struct alignas(64) Taken {
    std::atomic<unsigned> turn{0};  // the last in which somebody took it
  };

  // job(thread) on this thread, and on those of the others that come meanwhile.
  template <typename Job> void all(Job job) {
    pool_->run([](void* context, int thread) { (*static_cast<Job*>(context))(thread); }, &job);
  }

  int wanted_;
  bool flush_;
  std::unique_ptr<Pool> pool_;
  std::vector<Taken> taken_;  // of each part
  unsigned turn_ = 0;
};

// Whether to stop, asked about every 20 ms by thread 0 and heard by all.
class Interrupt {
 public:
  typedef std::chrono::steady_clock Clock;

  void listen(std::function<bool()> poll) {
    poll_ = std::move(poll);
    asked_ = looked_ = Clock::now();
    rest_ = skip_ = 0;
    heard_ = false;
  }
  bool heard() const { return heard_; }
  bool heard_by(int thread) {
    if (thread == 0 && poll_ && !heard_ && --rest_ < 0) look();
    return heard_;
  }

 private:
  // The clock takes as long as a tenth of a small step: of calls that come within 0.1 ms, ever more are let pass.
  void look() {
    const Clock::time_point now = Clock::now();
    skip_ = now - looked_ < std::chrono::microseconds(100) ? std::min(2 * skip_ + 1, 1000) : 0;
    looked_ = now;
    rest_ = skip_;
    if (now - asked_ < std::chrono::milliseconds(20)) return;
    asked_ = now;
    if (poll_()) heard_ = true;
  }

  std::function<bool()> poll_;
  Clock::time_point asked_, looked_;
  int rest_ = 0, skip_ = 0;
  std::atomic<bool> heard_{false};
};

}  // namespace chainrule
