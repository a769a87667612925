// The door to Python: arrays in, arrays out. Nothing is computed here.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <mutex>

#include "../core/epoch.h"
#include "../core/isas.h"
#include "../core/pcg64.h"
#include "../core/permutation.h"
#include "../core/prediction.h"
#include "arrays.h"

using namespace nanobind::literals;

namespace chainrule {

static std::unique_lock<std::mutex> locked(std::mutex& mutex) {
  nb::gil_scoped_release release;  // whoever holds the engine may need the interpreter
  return std::unique_lock<std::mutex>(mutex);
}

// The exception that PyErr_CheckSignals has raised, or None.
static nb::object raised_error(bool raised) {
  if (!raised) return nb::none();
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  Py_XDECREF(type);
  Py_XDECREF(trace);
  return nb::steal(value);
}

template <typename T>
class BoundEngine {
 public:
  BoundEngine(const Description& d, const std::string& isa) : d_(d), engine_(d, kernels_named<T>(isa)) {}

  nb::tuple run(AnyRows x, Rows<T> y, std::optional<Const<T>> w, std::optional<Const<std::int64_t>> order,
                bool draws_order, int batch_rows, int first, int last, Const<double> rates, Vector<T> theta,
                std::vector<Vector<T>> slots, std::int64_t steps_before, std::int64_t step_limit, double seconds,
                double loss_sum, double weight_sum, std::uint64_t seed, std::uint64_t epoch, int before) {
    const std::unique_lock<std::mutex> guard = locked(mutex_);
    Step<T> step = step_of(d_, x, y, w);
    step.order = order ? order->data() : nullptr;
    step.seed = seed;
    step.epoch = epoch;
    require(!order || order->size() <= x.shape(0), "order");  // less than all rows: of a part of an epoch
    require(before >= 0 && before <= first && (order || before == 0), "batches before");
    require(batch_rows <= d_.batch_rows && int(rates.size()) == last - first, "batches");
    require_length(d_, theta.size());
    require(slots.size() <= kMaxSlots && (slots.empty() || d_.has_slots), "slots");
    std::vector<T*> slot_data;
    for (auto& slot : slots) {
      require_length(d_, slot.size());
      slot_data.push_back(slot.data());
    }
    const Batches<T> batches = {
        .data = step, .draws_order = draws_order, .rows = std::int64_t(order ? order->size() : x.shape(0)),
        .batch_rows = batch_rows, .first = first, .last = last, .rates = rates.data(), .steps_before = steps_before, .step_limit = step_limit,
        .seconds = seconds, .loss_sum = loss_sum, .weight_sum = weight_sum, .before = before};
    bool raised = false;
    Outcome outcome;
    {
      nb::gil_scoped_release release;
      engine_.load(theta.data(), slot_data);
      outcome = engine_.run(batches, [&raised] {
        nb::gil_scoped_acquire acquire;
        raised = raised || PyErr_CheckSignals() != 0;
        return raised;
      });
      engine_.unload(theta.data(), slot_data);
    }
    // the error is handed over beside the state of the last step, for the caller to raise
    return nb::make_tuple(outcome.batches, outcome.steps, outcome.loss_sum, outcome.weight_sum, outcome.finite,
                          raised_error(raised));
  }

  double loss_and_gradient(AnyRows x, Rows<T> y, std::optional<Const<T>> w, Const<T> theta, Vector<T> gradient,
                           double l1, double l2, Masks<T> masks, bool sum) {
    const std::unique_lock<std::mutex> guard = locked(mutex_);
    std::vector<const T*> M;
    const Step<T> step = batch(x, y, w, theta, gradient, l1, l2, masks, &M);
    nb::gil_scoped_release release;
    engine_.load(theta.data(), {});
    return engine_.loss_and_gradient(step, sum, gradient.data());
  }

  double passes(AnyRows x, Rows<T> y, std::optional<Const<T>> w, Const<T> theta, Vector<T> gradient, double l1,
                double l2, Masks<T> masks, bool sum, std::vector<Out<T>> Z, std::vector<Out<T>> A,
                std::vector<Out<T>> slopes, std::vector<Out<T>> delta, std::vector<Out<T>> dA, Vector<T> row_loss) {
    const std::unique_lock<std::mutex> guard = locked(mutex_);
    std::vector<const T*> M;
    const Step<T> step = batch(x, y, w, theta, gradient, l1, l2, masks, &M);
    require(row_loss.size() == x.shape(0), "row_loss");
    const int layers = d_.layers();
    Kept<T> kept{};
    kept.row_loss = row_loss.data();
    of_layers(Z, layers, step.rows, kept.Z);
    of_layers(A, layers, step.rows, kept.A);
    of_layers(slopes, int(slopes.size()) < layers ? layers - 1 : layers, step.rows, kept.slope);  // not at any output
    of_layers(delta, layers, step.rows, kept.delta);
    of_layers(dA, layers - 1, step.rows, kept.dA);
    nb::gil_scoped_release release;
    engine_.load(theta.data(), {});
    return engine_.passes(step, sum, gradient.data(), kept);
  }

  bool takes_input_mask() const { return engine_.strategy().takes_input_mask(); }
  std::size_t bytes() const { return engine_.bytes(); }
  int threads() const { return engine_.threads(); }
  const char* strategy() const { return engine_.strategy().name(); }

 private:
  // All rows given as one batch; M holds the addresses of its masks.
  Step<T> batch(const AnyRows& x, const Rows<T>& y, const std::optional<Const<T>>& w, const Const<T>& theta,
                const Vector<T>& gradient, double l1, double l2, const Masks<T>& masks, std::vector<const T*>* M) {
    Step<T> step = step_of(d_, x, y, w);
    step.rows = int(x.shape(0));
    step.l1 = l1;
    step.l2 = l2;
    if (masks) {
      require(masks->size() + 1 == d_.sizes.size(), "masks");
      for (std::size_t l = 0; l < masks->size(); l++) {
        const std::optional<Rows<T>>& mask = (*masks)[l];
        require(!mask || (mask->shape(0) == x.shape(0) && int(mask->shape(1)) == d_.sizes[l]), "masks");
        require(!mask || l > 0 || takes_input_mask(), "a mask of inputs that are read in place");
        M->push_back(mask ? mask->data() : nullptr);
      }
      step.masks = M->data();
    }
    require(step.rows <= d_.batch_rows && theta.size() == gradient.size(), "rows");
    require_length(d_, theta.size());
    return step;
  }

  // An array for each of the first `layers`, (rows, width).
  void of_layers(const std::vector<Out<T>>& arrays, int layers, int rows, T** to) const {
    require(int(arrays.size()) == layers, "layers");
    for (int l = 0; l < layers; l++) {
      require(int(arrays[l].shape(0)) == rows && int(arrays[l].shape(1)) == d_.sizes[l + 1], "rows kept");
      to[l] = arrays[l].data();
    }
  }

  Description d_;
  Engine<T> engine_;
  std::mutex mutex_;
};

template <typename T>
class BoundPredictor {
 public:
  BoundPredictor(const Description& d, const std::string& isa, Const<T> theta)
      : d_(d), prediction_(d, kernels_named<T>(isa)) {
    require_length(d, theta.size());
    prediction_.load(theta.data());
  }

  int threads() const { return prediction_.threads(); }
  void predict(AnyRows x, Out<T> out) {
    Step<T> step = step_of<T>(d_, x);
    require(int(out.shape(1)) == d_.sizes.back(), "columns");
    require(x.shape(0) == out.shape(0) && x.shape(0) < (1u << 30), "rows");
    step.rows = int(x.shape(0));
    step.out = out.data();
    nb::gil_scoped_release release;
    const std::lock_guard<std::mutex> guard(mutex_);
    prediction_.predict(step);
  }

 private:
  Description d_;
  Prediction<T> prediction_;
  std::mutex mutex_;
};

template <typename T>
void activation(const std::string& isa, int phi, double parameter, Const<T> z, Vector<T> a, Vector<T> slope) {
  if (z.size() != a.size() || z.size() != slope.size() || z.size() % kPanel) {
    throw std::invalid_argument("three arrays of equal length, a multiple of 16");
  }
  kernels_named<T>(isa).activation(Phi(phi), T(parameter), z.data(), a.data(), slope.data(), z.size());
}

template <typename T> void bind(nb::module_& m, const char* engine, const char* predictor) {
  using E = BoundEngine<T>;
  using P = BoundPredictor<T>;
  nb::class_<E>(m, engine)
      .def(nb::init<const Description&, const std::string&>(), "description"_a, "instruction_set"_a)
      .def("run", &E::run, nb::kw_only(), "x"_a.noconvert(), "y"_a.noconvert(), "w"_a.none(), "order"_a.none(),
           "draws_order"_a, "batch_rows"_a, "first"_a, "last"_a, "rates"_a, "theta"_a.noconvert(), "slots"_a.noconvert(),
           "steps_before"_a, "step_limit"_a, "seconds"_a, "loss_sum"_a, "weight_sum"_a, "seed"_a, "epoch"_a,
           "before"_a = 0)
      .def("loss_and_gradient", &E::loss_and_gradient, nb::kw_only(), "x"_a.noconvert(), "y"_a.noconvert(),
           "w"_a.none(), "theta"_a.noconvert(), "gradient"_a.noconvert(), "l1"_a, "l2"_a, "masks"_a.none(), "sum"_a)
      .def("passes", &E::passes, nb::kw_only(), "x"_a.noconvert(), "y"_a.noconvert(), "w"_a.none(),
           "theta"_a.noconvert(), "gradient"_a.noconvert(), "l1"_a, "l2"_a, "masks"_a.none(), "sum"_a,
           "Z"_a.noconvert(), "A"_a.noconvert(), "slopes"_a.noconvert(), "delta"_a.noconvert(), "dA"_a.noconvert(), "row_loss"_a.noconvert())
      .def_prop_ro("bytes", &E::bytes)
      .def_prop_ro("threads", &E::threads)
      .def_prop_ro("strategy", &E::strategy)
      .def_prop_ro("takes_input_mask", &E::takes_input_mask);
  nb::class_<P>(m, predictor)
      .def(nb::init<const Description&, const std::string&, Const<T>>(), "description"_a, "instruction_set"_a,
           "theta"_a.noconvert())
      .def("predict", &P::predict, "x"_a.noconvert(), "out"_a.noconvert())
      .def_prop_ro("threads", &P::threads);
  m.def("activation", &activation<T>, "instruction_set"_a, "phi"_a, "parameter"_a, "z"_a.noconvert(),
        "a"_a.noconvert(), "slope"_a.noconvert());
}

// The rows of functions.def: name → number.
static void bind_functions(nb::module_& m) {
  nb::dict phi, ell, rule;
#define PHI(name) phi[#name] = int(Phi::name);
#define PHI_OF_ROW(name) phi[#name] = int(Phi::name);
#define ELL(name) ell[#name] = int(Ell::name);
#define ELL_OF_LOGARITHMS(name) ell[#name] = int(Ell::name);
#define RULE(name) rule[#name] = int(Rule::name);
#define RULE_OF(optimizer, name) rule[#optimizer] = int(Rule::name);
#include "../functions.def"
  m.attr("PHI") = phi;
  m.attr("ELL") = ell;
  m.attr("RULE") = rule;
}

static void bind_description(nb::module_& m) {
#define FIELD(name) .def_rw(#name, &Description::name)
  nb::class_<Description>(m, "Description")
      .def(nb::init<>())
      FIELD(sizes) FIELD(phis) FIELD(parameters) FIELD(ell) FIELD(loss_parameter) FIELD(levels) FIELD(rule) FIELD(momentum) FIELD(beta1)
      FIELD(beta2) FIELD(epsilon) FIELD(has_slots) FIELD(weight_decay) FIELD(l1) FIELD(l2) FIELD(alpha) FIELD(max_norm) FIELD(frozen) FIELD(clip_value)
      FIELD(clip_norm) FIELD(dropout) FIELD(uint8) FIELD(scale) FIELD(batch_rows) FIELD(threads)
      FIELD(keep_subnormals);
#undef FIELD
}

}  // namespace chainrule

NB_MODULE(_native, m) {
  using namespace chainrule;
  m.attr("version") = CHAINRULE_VERSION;
  m.attr("compiler") = __VERSION__;
  m.attr("MAX_LAYERS") = kMaxLayers;
  m.def("instruction_sets", [] {
    std::vector<std::tuple<std::string, bool>> names;
    for (const Isa& isa : isas()) names.emplace_back(isa.name, isa.here);
    return names;
  });
  m.def("epoch_order", [](Vector<std::int64_t> order, std::uint64_t seed, std::uint64_t epoch) {
    draw_order(order.data(), std::int64_t(order.size()), seed, epoch);
  }, "order"_a.noconvert(), "seed"_a, "epoch"_a);
  m.def("pcg64_permutation", [](Vector<std::int64_t> order, std::uint64_t seed) {
    Generator(Pcg64(seed)).permute(order.data(), std::int64_t(order.size()));
  }, "order"_a.noconvert(), "seed"_a);
  m.def("strategy", [](const Description& d) { return strategy_name(d); }, "description"_a);
  bind_functions(m);
  bind_description(m);
  bind<float>(m, "Engine32", "Predictor32");
  bind<double>(m, "Engine64", "Predictor64");
}
