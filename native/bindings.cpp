// The door to Python: arrays in, arrays out. Nothing is computed here.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <mutex>
#include <stdexcept>

#include "engine.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace chainrule {

#define DECLARE(isa)                            \
  namespace isa {                               \
  extern const Kernels<float> kernels_f32;      \
  extern const Kernels<double> kernels_f64;     \
  }
DECLARE(baseline)
#if defined(CHAINRULE_X86)
DECLARE(avx2)
DECLARE(avx512)
#endif

struct Isa {
  const char* name;
  const Kernels<float>* f32;
  const Kernels<double>* f64;
  bool here;  // whether this processor can run it
};

// The widest last.
static std::vector<Isa> isas() {
  std::vector<Isa> all = {{"baseline", &baseline::kernels_f32, &baseline::kernels_f64, true}};
#if defined(CHAINRULE_X86)
  __builtin_cpu_init();
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  all.push_back({"avx2", &avx2::kernels_f32, &avx2::kernels_f64, has_avx2});
  all.push_back({"avx512", &avx512::kernels_f32, &avx512::kernels_f64, has_avx512});
#endif
  return all;
}

static const Isa& isa_named(const std::string& name) {
  static const std::vector<Isa> all = isas();
  for (const Isa& isa : all) {
    if (name == isa.name && isa.here) return isa;
  }
  throw std::invalid_argument("instruction set " + name + " is not built or not on this processor");
}

template <typename T> const Kernels<T>& kernels_of(const Isa& isa);
template <> const Kernels<float>& kernels_of<float>(const Isa& isa) { return *isa.f32; }
template <> const Kernels<double>& kernels_of<double>(const Isa& isa) { return *isa.f64; }

template <typename T> using Vector = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <typename T> using Const = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <typename T> using Rows = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using AnyRows = nb::ndarray<nb::ndim<2>, nb::c_contig, nb::device::cpu, nb::ro>;

template <typename T>
class Bound {
 public:
  Bound(const Description& d, const std::string& isa) : d_(d), engine_(d, kernels_of<T>(isa_named(isa))) {}

  nb::tuple run(AnyRows x, Rows<T> y, std::optional<Const<T>> w, std::optional<Const<std::int64_t>> order,
                int batch_rows, int first, int last, Const<double> rates, Vector<T> theta,
                std::vector<Vector<T>> slots, std::int64_t steps_before, std::int64_t step_limit, double seconds,
                double loss_sum, double weight_sum, std::uint64_t seed, std::uint64_t epoch) {
    const std::unique_lock<std::mutex> guard = locked();
    Step<T> step = prepare(x, y, w);
    step.order = order ? order->data() : nullptr;
    step.seed = seed;
    step.epoch = epoch;
    require(order ? order->size() == x.shape(0) : true, "order");
    require(batch_rows <= d_.batch_rows && int(rates.size()) == last - first, "batches");
    require_parameters(theta, slots);
    std::vector<T*> slot_data;
    for (auto& slot : slots) slot_data.push_back(slot.data());
    bool raised = false;
    Outcome outcome;
    {
      nb::gil_scoped_release release;
      engine_.load(theta.data(), slot_data);
      outcome = engine_.run(step, std::int64_t(x.shape(0)), batch_rows, first, last, rates.data(), steps_before,
                            step_limit, seconds, loss_sum, weight_sum, [&raised] {
                              nb::gil_scoped_acquire acquire;
                              raised = raised || PyErr_CheckSignals() != 0;
                              return raised;
                            });
      engine_.unload(theta.data(), slot_data);
    }
    nb::object error = nb::none();
    if (raised) {  // handed over beside the state of the last step, for the caller to raise
      PyObject *type, *value, *trace;
      PyErr_Fetch(&type, &value, &trace);
      PyErr_NormalizeException(&type, &value, &trace);
      error = nb::steal(value);
      Py_XDECREF(type);
      Py_XDECREF(trace);
    }
    return nb::make_tuple(outcome.batches, outcome.steps, outcome.loss_sum, outcome.weight_sum, outcome.finite, error);
  }

  double loss_and_gradient(AnyRows x, Rows<T> y, std::optional<Const<T>> w, Const<T> theta, Vector<T> gradient,
                           double l1, double l2, std::optional<std::vector<std::optional<Rows<T>>>> masks) {
    const std::unique_lock<std::mutex> guard = locked();
    Step<T> step = prepare(x, y, w);
    step.rows = int(x.shape(0));
    step.l1 = l1;
    step.l2 = l2;
    std::vector<const T*> M;
    if (masks) {
      require(masks->size() + 1 == d_.sizes.size(), "masks");
      for (std::size_t l = 0; l < masks->size(); l++) {
        const std::optional<Rows<T>>& mask = (*masks)[l];
        require(!mask || (mask->shape(0) == x.shape(0) && int(mask->shape(1)) == d_.sizes[l]), "masks");
        require(!mask || l > 0 || !engine_.in_place(), "a mask of inputs that are read in place");
        M.push_back(mask ? mask->data() : nullptr);
      }
      step.masks = M.data();
    }
    require(step.rows <= d_.batch_rows && theta.size() == gradient.size(), "rows");
    require_length(theta.size());
    nb::gil_scoped_release release;
    engine_.load(theta.data(), {});
    const double J = engine_.loss_and_gradient(step);
    engine_.unload_gradient(gradient.data());
    return J;
  }

  void load(Const<T> theta) {
    require_length(theta.size());
    engine_.load(theta.data(), {});
  }

  void predict(AnyRows x, nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu> out) {
    require(int(x.shape(1)) == d_.sizes.front() && int(out.shape(1)) == d_.sizes.back(), "columns");
    require(x.shape(0) == out.shape(0) && x.shape(0) < (1u << 30), "rows");
    require_dtype(x);
    Step<T> step{};
    step.x = x.data();
    step.x_stride = x.shape(1);
    step.rows = int(x.shape(0));
    step.out = out.data();
    nb::gil_scoped_release release;
    const std::lock_guard<std::mutex> guard(mutex_);
    engine_.predict(step);
  }

  std::size_t bytes() const { return engine_.bytes(); }
  int threads() const { return engine_.threads(); }
  bool tiled() const { return engine_.tiled(); }

 private:
  Step<T> prepare(const AnyRows& x, const Rows<T>& y, const std::optional<Const<T>>& w) {
    require(int(x.shape(1)) == d_.sizes.front() && int(y.shape(1)) == d_.sizes.back(), "columns");
    require(x.shape(0) == y.shape(0) && (!w || w->size() == x.shape(0)), "rows");
    require_dtype(x);
    Step<T> step{};
    step.x = x.data();
    step.x_stride = x.shape(1);
    step.y = y.data();
    step.w = w ? w->data() : nullptr;
    return step;
  }

  void require_dtype(const AnyRows& x) {
    require(x.dtype() == (d_.uint8 ? nb::dtype<std::uint8_t>() : nb::dtype<T>()), "x's dtype");
  }
  void require_parameters(const Vector<T>& theta, const std::vector<Vector<T>>& slots) {
    require_length(theta.size());
    for (const auto& slot : slots) require_length(slot.size());
    require(slots.size() <= kMaxSlots && (slots.empty() || d_.has_slots), "slots");
  }
  void require_length(std::size_t length) {
    std::size_t expected = 0;
    for (std::size_t l = 1; l < d_.sizes.size(); l++) expected += std::size_t(d_.sizes[l - 1] + 1) * d_.sizes[l];
    require(length == expected, "theta");
  }
  static void require(bool good, const char* what) {
    if (!good) throw std::invalid_argument(std::string("native engine: arrays that do not fit: ") + what);
  }
  std::unique_lock<std::mutex> locked() {
    nb::gil_scoped_release release;  // whoever holds the engine may need the interpreter
    return std::unique_lock<std::mutex>(mutex_);
  }

  Description d_;
  Engine<T> engine_;
  std::mutex mutex_;
};

template <typename T> void bind(nb::module_& m, const char* name) {
  using B = Bound<T>;
  nb::class_<B>(m, name)
      .def(nb::init<const Description&, const std::string&>())
      .def("run", &B::run, "x"_a.noconvert(), "y"_a.noconvert(), "w"_a.none(), "order"_a.none(), "batch_rows"_a,
           "first"_a, "last"_a, "rates"_a, "theta"_a.noconvert(), "slots"_a.noconvert(), "steps_before"_a,
           "step_limit"_a, "seconds"_a, "loss_sum"_a, "weight_sum"_a, "seed"_a, "epoch"_a)
      .def("loss_and_gradient", &B::loss_and_gradient, "x"_a.noconvert(), "y"_a.noconvert(), "w"_a.none(),
           "theta"_a.noconvert(), "gradient"_a.noconvert(), "l1"_a, "l2"_a, "masks"_a.none())
      .def("load", &B::load, "theta"_a.noconvert())
      .def("predict", &B::predict, "x"_a.noconvert(), "out"_a.noconvert())
      .def_prop_ro("bytes", &B::bytes)
      .def_prop_ro("threads", &B::threads)
      .def_prop_ro("tiled", &B::tiled);
}

}  // namespace chainrule

using namespace chainrule;

static void require_whole_panels(std::size_t z, std::size_t a, std::size_t d) {
  if (z != a || z != d || z % kPanel) throw std::invalid_argument("three arrays of equal length, a multiple of 16");
}

NB_MODULE(_native, m) {
  m.attr("version") = CHAINRULE_VERSION;
  m.attr("compiler") = __VERSION__;
  m.def("instruction_sets", [] {
    std::vector<std::tuple<std::string, bool>> names;
    for (const Isa& isa : isas()) names.emplace_back(isa.name, isa.here);
    return names;
  });
  m.def("activation", [](const std::string& isa, int phi, double parameter, Const<double> z, Vector<double> a,
                         Vector<double> d) {
    require_whole_panels(z.size(), a.size(), d.size());
    isa_named(isa).f64->activation(Phi(phi), parameter, z.data(), a.data(), d.data(), std::ptrdiff_t(z.size()));
  });
  m.def("activation", [](const std::string& isa, int phi, double parameter, Const<float> z, Vector<float> a,
                         Vector<float> d) {
    require_whole_panels(z.size(), a.size(), d.size());
    isa_named(isa).f32->activation(Phi(phi), float(parameter), z.data(), a.data(), d.data(),
                                   std::ptrdiff_t(z.size()));
  });
  nb::class_<Description>(m, "Description")
      .def(nb::init<>())
      .def_rw("sizes", &Description::sizes)
      .def_rw("phis", &Description::phis)
      .def_rw("parameters", &Description::parameters)
      .def_rw("ell", &Description::ell)
      .def_rw("factor", &Description::factor)
      .def_rw("rule", &Description::rule)
      .def_rw("momentum", &Description::momentum)
      .def_rw("beta1", &Description::beta1)
      .def_rw("beta2", &Description::beta2)
      .def_rw("epsilon", &Description::epsilon)
      .def_rw("has_slots", &Description::has_slots)
      .def_rw("weight_decay", &Description::weight_decay)
      .def_rw("l1", &Description::l1)
      .def_rw("l2", &Description::l2)
      .def_rw("clip_value", &Description::clip_value)
      .def_rw("clip_norm", &Description::clip_norm)
      .def_rw("dropout", &Description::dropout)
      .def_rw("uint8", &Description::uint8)
      .def_rw("scale", &Description::scale)
      .def_rw("batch_rows", &Description::batch_rows)
      .def_rw("threads", &Description::threads)
      .def_rw("train", &Description::train);
  chainrule::bind<float>(m, "Engine32");
  chainrule::bind<double>(m, "Engine64");
}
