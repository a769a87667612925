// Subnormal numbers: counted as 0, or kept.
#pragma once

#include <cstdint>

namespace chainrule {

// Numbers below 2⁻¹²⁶ (2⁻¹⁰²² in double) count as 0 while this lives: Adam's means of a weight whose gradient stays 0
// shrink into them, where each operation takes a hundred times as long. To keep them is for comparisons with machines
// that cannot flush; wasm32 is one.
class TinyIsZero {
 public:
#if defined(__x86_64__)
  explicit TinyIsZero(bool flush) : before_(__builtin_ia32_stmxcsr()) {
    __builtin_ia32_ldmxcsr(flush ? before_ | 0x8040 : before_ & ~0x8040u);
  }
  ~TinyIsZero() { __builtin_ia32_ldmxcsr(before_); }

 private:
  unsigned before_;
#elif defined(__aarch64__)
  explicit TinyIsZero(bool flush) {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(flush ? before_ | kFlush : before_ & ~kFlush));
  }
  ~TinyIsZero() { asm volatile("msr fpcr, %0" : : "r"(before_)); }

 private:
  static constexpr std::uint64_t kFlush = 1ull << 24;
  std::uint64_t before_;
#else
  explicit TinyIsZero(bool) {}
#endif
  TinyIsZero(const TinyIsZero&) = delete;
};

}  // namespace chainrule
