#include "prediction.h"

#include "theta.h"

namespace chainrule {

template <typename T>
Prediction<T>::Prediction(const Description& d, const Kernels<T>& kernels)
    : kernels_(kernels),
      views_(d.threads, plan_of<T>(d, {})),
      memory_([&](Memory& memory) {
        const Room room{kTileRows | 1, false, false};
        for (Plan<T>& view : views_) take_activations(memory, view, room);
        take_weights(memory, views_[0], room, false);
      }),
      team_(d.threads, !d.keep_subnormals) {
  for (Plan<T>& view : views_) share_weights(views_[0], view);
}

template <typename T> void Prediction<T>::load(const T* theta) {
  into_panels(views_[0], theta, weights_of(views_[0]));
}

template <typename T> void Prediction<T>::predict(const Step<T>& step) {
  if (step.rows <= kTileRows) {  // waking a thread costs more than so few rows
    const TinyIsZero tiny(team_.flush());
    return kernels_.predict(views_[0], step, 0, step.rows, 0);
  }
  team_.revive();
  team_.each((step.rows + kTileRows - 1) / kTileRows, [&](int tile, int thread) {
    const int at = tile * kTileRows;
    kernels_.predict(views_[thread], step, at, std::min(at + kTileRows, step.rows), at);
  });
}

template class Prediction<float>;
template class Prediction<double>;

}  // namespace chainrule
