// The one description of a network and of the rules it is trained by, as Python fills it in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "functions.h"

namespace chainrule {

struct Description {
  std::vector<int> sizes;          // n_0 … n_L
  std::vector<int> phis;           // Phi of each layer
  std::vector<double> parameters;  // slope or alpha of each φ
  int ell = 0;
  double loss_parameter = 0;   // factor or threshold
  std::vector<double> levels;  // the quantile of each output, where the loss has quantiles
  int rule = 0;
  double momentum = 0, beta1 = 0, beta2 = 0, epsilon = 0;
  bool has_slots = false;  // whether a step reads and writes the optimizer's state
  double weight_decay = 0;
  double l1 = 0, l2 = 0, alpha = 0;  // alpha / Σw of a batch is added to its l2
  double clip_value = 0, clip_norm = 0, max_norm = 0;  // 0: none
  std::vector<int> frozen;  // layers, from 1, that do not move
  std::vector<double> dropout;  // of the input and of each hidden layer
  bool uint8 = false;           // x, which is multiplied by
  double scale = 1;
  int batch_rows = 0;
  int threads = 1;
  bool keep_subnormals = false;

  int layers() const { return int(sizes.size()) - 1; }
  std::int64_t length() const {  // of θ
    std::int64_t sum = 0;
    for (int l = 0; l < layers(); l++) sum += std::int64_t(sizes[l] + 1) * sizes[l + 1];
    return sum;
  }
  std::int64_t widths() const {
    std::int64_t sum = 0;
    for (int width : sizes) sum += width;
    return sum;
  }
  bool is_frozen(int l) const {  // from 0
    return std::find(frozen.begin(), frozen.end(), l + 1) != frozen.end();
  }
  double dropped(int l) const { return l < int(dropout.size()) ? dropout[l] : 0; }
};

}  // namespace chainrule
