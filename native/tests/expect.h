// What all tests here need: a failed expectation is printed and counted, and ends the program badly.
#pragma once

#include <cstdio>

inline int failures = 0;

#define EXPECT(condition)                                                      \
  do {                                                                         \
    if (!(condition)) std::printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition), failures++; \
  } while (0)

inline int verdict() {
  std::puts(failures ? "FAILED" : "passed");
  return failures ? 1 : 0;
}
