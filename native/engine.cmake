# The engine without Python: its core, and its kernels once per instruction set. The module and the tests include it.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
if(CHAINRULE_SANITIZE)
  set(CMAKE_CXX_FLAGS_RELEASE "-O1")  # with all that the sanitizers put in, more takes minutes to compile
else()
  # no assertions of nanobind's: each has the path of its file in it, which is another in every build
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
endif()
find_package(Threads REQUIRED)

# Multiply-adds are written out, so that every compiler gives the same bits: none may contract others.
set(core_flags -ffp-contract=off -Wall -Wextra)
# NaN and infinity stay visible: nothing here assumes them away.
set(kernel_flags ${core_flags} -fno-math-errno -fno-trapping-math)
# No kernel throws: nothing unwinds through one.
list(APPEND kernel_flags -fno-exceptions -fno-asynchronous-unwind-tables)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 takes the operands that its own AVX-512 intrinsics leave undefined for uninitialized ones.
  list(APPEND kernel_flags -Wno-maybe-uninitialized)
  # The loops are written out as they are to run: what GCC moves between blocks only makes them longer.
  list(APPEND kernel_flags -fno-gcse)
  # Nor does it see that they are short: what it makes `rep stos` of takes longer than the rest of a step of one row.
  list(APPEND kernel_flags -fno-tree-loop-distribute-patterns)
  # Registers are given out for a function as a whole: as fast, and 17 kB of the wheel fewer than loop by loop.
  list(APPEND kernel_flags -fira-region=one)
endif()

set(here ${CMAKE_CURRENT_LIST_DIR})
file(GLOB core_sources CONFIGURE_DEPENDS ${here}/core/*.cpp)
add_library(core OBJECT ${core_sources})
target_compile_options(core PRIVATE ${core_flags})

function(add_kernels isa)
  add_library(kernels_${isa} OBJECT ${here}/kernels/kernels.cpp)
  target_compile_definitions(kernels_${isa} PRIVATE CHAINRULE_ISA=${isa})
  target_compile_options(kernels_${isa} PRIVATE ${kernel_flags} ${ARGN})
endfunction()

set(isas baseline)
set(flags_baseline)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND isas avx2 avx512)
  set(flags_baseline -Os)  # for processors of before 2013
  set(flags_avx2 -mavx2 -mfma)
  set(flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512)
  set(isa_definitions CHAINRULE_X86)
endif()
set(engine_objects $<TARGET_OBJECTS:core>)
foreach(isa ${isas})
  add_kernels(${isa} ${flags_${isa}})
  list(APPEND engine_objects $<TARGET_OBJECTS:kernels_${isa}>)
endforeach()
