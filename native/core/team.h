// Work shared out among the threads of a pool, and the wish to stop.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "pool.h"

namespace chainrule {

class Team {
 public:
  Team(int threads, bool flush) : wanted_(threads), flush_(flush), pool_(new Pool(threads, flush)) {}

  int threads() const { return pool_->threads(); }
  bool flush() const { return flush_; }

  // A pool of the process that we are in: threads do not survive a fork.
  void revive() {
    if (pool_->usable()) return;
    (void)pool_.release();  // its threads are the parent's: nothing of it can be ended here
    pool_.reset(new Pool(wanted_, flush_));
  }

  // job(thread) on every thread.
  template <typename Job> void all(Job job) {
    pool_->run([](void* context, int thread) { (*static_cast<Job*>(context))(thread); }, &job);
  }

  // job(number, thread) for 0 … count - 1, each by whoever is free.
  template <typename Job> void each(int count, Job job) {
    std::atomic<int> next{0};
    all([&](int thread) {
      for (int number; (number = next.fetch_add(1)) < count;) job(number, thread);
    });
  }

 private:
  int wanted_;
  bool flush_;
  std::unique_ptr<Pool> pool_;
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
