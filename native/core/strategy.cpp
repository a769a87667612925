#include "strategy.h"

#include <cmath>
#include <utility>

#include "narrow.h"
#include "theta.h"
#include "tiles.h"
#include "two_phase.h"

namespace chainrule {

const char* strategy_name(const Description& d) {
  return Narrow<float>::suits(d) ? Narrow<float>::kName : Tiles<float>::suits(d) ? Tiles<float>::kName : TwoPhase<float>::kName;
}

template <typename T>
std::unique_ptr<Strategy<T>> strategy_for(const Description& d, const Kernels<T>& kernels, Team& team,
                                          Interrupt& interrupt) {
  if (Narrow<T>::suits(d)) return std::make_unique<Narrow<T>>(d, kernels, team, interrupt);
  if (Tiles<T>::suits(d)) return std::make_unique<Tiles<T>>(d, kernels, team, interrupt);
  return std::make_unique<TwoPhase<T>>(d, kernels, team, interrupt);
}

template <typename T>
PanelStrategy<T>::PanelStrategy(const Description& d, const Kernels<T>& kernels, Team& team, Interrupt& interrupt,
                                Room room, int views)
    : kernels_(kernels),
      team_(team),
      interrupt_(interrupt),
      views_(views, plan_of<T>(d, room)),
      clip_norm_(d.clip_norm),
      memory_([&](Memory& memory) {
        for (Plan<T>& view : views_) take_activations(memory, view, room);
        take_weights(memory, plan(), room, d.has_slots);
        const T* levels = take_levels<T>(memory, d);
        for (Plan<T>& view : views_) view.levels = levels;
      }) {
  for (Plan<T>& view : views_) share_weights(plan(), view);
  for (int l = plan().layers - 1; l >= 0; l--) {
    const int inputs = plan().layer[l].inputs, panels = plan().layer[l].W.panels();
    const bool moves = !d.is_frozen(l);
    blocks_.push_back({l, -1, 0, 0, 0, moves});
    for (int p = 0; p < panels; p += kBlockPanels) {
      for (int k = 0; k < inputs; k += kBlockInputs) {
        blocks_.push_back({l, k, std::min(k + kBlockInputs, inputs), p, std::min(p + kBlockPanels, panels), moves});
      }
    }
  }
  squares_.resize(blocks_.size());
}

template <typename T> void PanelStrategy<T>::load(const T* theta, const std::vector<T*>& slots) {
  into_panels(plan(), theta, weights_of(plan()));
  for (std::size_t s = 0; s < slots.size(); s++) into_panels<T>(plan(), slots[s], slots_of(plan(), int(s)));
  for (int l = 0; l < plan().layers; l++) {
    const Layer<T>& layer = plan().layer[l];
    if (layer.W_back) kernels_.transpose(layer, 0, layer.inputs, 0, layer.W.panels());
  }
}

template <typename T> void PanelStrategy<T>::unload(T* theta, const std::vector<T*>& slots) {
  out_of_panels(plan(), theta, weights_of(plan()));
  for (std::size_t s = 0; s < slots.size(); s++) out_of_panels(plan(), slots[s], slots_of(plan(), int(s)));
}

template <typename T> void PanelStrategy<T>::unload_gradient(T* flat) {
  out_of_panels(plan(), flat, gradient_of(plan()));
}

template <typename T> double PanelStrategy<T>::penalty(const Step<T>& step) {
  if (step.l1 == 0 && step.l2 == 0) return 0;
  double absolute = 0, square = 0;
  for (int l = 0; l < plan().layers; l++) {
    const Panels<T>& W = plan().layer[l].W;
    for (std::size_t i = 0; i < W.size(); i++) {
      absolute += std::abs(double(W.data[i]));
      square += double(W.data[i]) * double(W.data[i]);
    }
  }
  return step.l1 * absolute + 0.5 * step.l2 * square;  // J2
}

template <typename T> void PanelStrategy<T>::finish(const Step<T>& step, int number, Panels<T> G, T* g) {
  const Block& block = blocks_[number];
  const Layer<T>& layer = plan().layer[block.layer];
  if (block.is_bias()) {
    squares_[number] = kernels_.finish_gradient(step, layer.b, g, round_up(layer.outputs, kPanel), false);
    return;
  }
  const Panels<T> W = part(layer.W, block);
  squares_[number] = 0;
  for (int p = 0; p < block.p1 - block.p0; p++) {
    const std::ptrdiff_t count = std::ptrdiff_t(block.k1 - block.k0) * kPanel;
    squares_[number] += kernels_.finish_gradient(step, W.panel(p), G.panel(p), count, true);
  }
}

template <typename T> void PanelStrategy<T>::update(const Step<T>& step, const Block& block, Panels<T> G, T* g) {
  const Layer<T>& layer = plan().layer[block.layer];
  if (block.is_bias()) {
    kernels_.update(plan(), step, layer.b, layer.slot_b[0], layer.slot_b[1], g, round_up(layer.outputs, kPanel), false);
    return;
  }
  const Panels<T> W = part(layer.W, block);
  const Panels<T> slot0 = part(layer.slot_W[0], block), slot1 = part(layer.slot_W[1], block);
  for (int p = 0; p < block.p1 - block.p0; p++) {
    kernels_.update(plan(), step, W.panel(p), slot0 ? slot0.panel(p) : nullptr, slot1 ? slot1.panel(p) : nullptr,
                    G.panel(p), std::ptrdiff_t(block.k1 - block.k0) * kPanel, true);
  }
  if (layer.W_back) kernels_.transpose(layer, block.k0, block.k1, block.p0, block.p1);
}

template <typename T> void PanelStrategy<T>::move_along_gradient(const Step<T>& whole) {
  Step<T> step = whole;
  step.l1 = step.l2 = step.clip_value = 0;  // are in it already
  double total = 0;
  for (std::size_t i = 0; i < blocks_.size(); i++) total += blocks_[i].moves ? squares_[i] : 0;
  const double norm = std::sqrt(total);
  const T shrink = clip_norm_ > 0 && norm > clip_norm_ ? T(clip_norm_ / norm) : T(1);
  const auto scale = [shrink](T* g, std::ptrdiff_t count) {
    for (std::ptrdiff_t i = 0; i < count && shrink != T(1); i++) g[i] *= shrink;
  };
  team_.each(int(blocks_.size()), [&](int number, int) {
    const Block& block = blocks_[number];
    if (!block.moves) return;
    const Layer<T>& layer = plan().layer[block.layer];
    const Panels<T> G = block.is_bias() ? Panels<T>{} : part(layer.grad_W, block);
    if (block.is_bias()) scale(layer.grad_b, round_up(layer.outputs, kPanel));
    for (int p = 0; p < block.p1 - block.p0; p++) scale(G.panel(p), std::ptrdiff_t(block.k1 - block.k0) * kPanel);
    update(step, block, G, layer.grad_b);
  });
}

template <typename T> void PanelStrategy<T>::limit_norms(T most) {
  std::vector<std::pair<int, int>> panels;  // (layer, panel)
  for (const Block& block : blocks_) {
    for (int p = block.p0; p < block.p1 && block.moves && block.k0 == 0; p++) panels.push_back({block.layer, p});
  }
  team_.each(int(panels.size()), [&](int number, int) {
    const auto [l, p] = panels[number];
    const Layer<T>& layer = plan().layer[l];
    kernels_.limit_norms(layer.W.panel(p), layer.inputs, most);
    if (layer.W_back) kernels_.transpose(layer, 0, layer.inputs, p, p + 1);
  });
}

#define INSTANTIATE(T)           \
  template class PanelStrategy<T>; \
  template std::unique_ptr<Strategy<T>> strategy_for(const Description&, const Kernels<T>&, Team&, Interrupt&);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace chainrule
