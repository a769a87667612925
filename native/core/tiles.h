// Large batches on small weights: a tile of rows goes forward, back (F0-F2, B1, B2) and into one of a fixed number of
// partial gradients (B3) while it is in cache; these are summed in order, block by block, and moved (U1).
#pragma once

#include "strategy.h"

namespace chainrule {

template <typename T>
class Tiles final : public PanelStrategy<T> {
 public:
  // Where a gradient takes less room than the activations of all rows.
  static bool suits(const Description&);

  Tiles(const Description&, const Kernels<T>&, Team&, Interrupt&);
  static constexpr const char* kName = "tiles";
  const char* name() const override { return kName; }
  std::size_t bytes() const override { return PanelStrategy<T>::bytes() + partial_memory_.bytes(); }
  bool takes_input_mask() const override { return !in_place_; }
  bool forward_and_back(const Step<T>&, double* J) override;
  bool finish_gradient(const Step<T>&) override;
  void move(const Step<T>&) override;

 private:
  static constexpr int kTileRows = 128;
  static constexpr int kTileBytes = 160 * 1024;  // of rows read in place: this tile and the next in the second level
  static constexpr int kMostChunks = 16;
  static constexpr std::int64_t kPartialBytes = 32 << 20;
  struct Partial {  // of a layer, in the first chunk
    Panels<T> W;    // (inputs, outputs), or (outputs, inputs) where layer 1 reads in place
    T* b;
  };

  static bool reads_in_place(const Description&, const Kernels<T>&);
  void chunk(const Step<T>&, int number, Plan<T>& view);
  void sum(const Block&);
  void sum(T* to, const T* first, std::ptrdiff_t count) const;

  bool in_place_;
  int chunks_, tile_rows_;
  std::ptrdiff_t partial_size_ = 0;  // from a chunk to the next
  std::vector<Partial> partials_;
  std::vector<double> chunk_loss_;
  Memory partial_memory_;
};

}  // namespace chainrule
