"""The functions of the C that is written: those of the baseline kernels, term by term, so that the bits are theirs.

Each has its twin in `c_arithmetic`. Sources: native/kernels/math-inl.h and activations-inl.h, where the error of each
is stated in ulp.
"""

from __future__ import annotations

from collections.abc import Iterable

from .function_texts import Texts, texts_with_needs

__all__ = ["ACTIVATION_CALLS", "FUNCTIONS", "functions_for"]


def _group(width: int) -> str:
    """The chains of so many outputs, side by side."""
    each = range(width)
    starts = [f"s{k} = w[{k}]" for k in each]
    first = ",\n      ".join(", ".join(starts[k : k + 4]) for k in range(0, width, 4))
    sums = "".join(f"      s{k} += w[{k}] * v;\n" for k in each)
    ends = "".join(f"    y[k{f' + {k}' if k else ''}] = s{k};\n" for k in each)
    return f"""  for (; k + {width} <= outputs; k += {width}) {{
    float {first};
    w += {width};
    for (i = 0; i < inputs; i++) {{
      const float v = x[i];
{sums}      w += {width};
    }}
{ends}  }}
"""


#: name → the functions that it calls, and its text.
FUNCTIONS: Texts = {
    "bits": (
        (),
        """typedef union {
  float f;
  uint32_t u;
} bits;
""",
    ),
    "power": (
        ("bits",),
        """/* 2^k of -126 <= k <= 127 */
static float power(int32_t k)
{
  bits b;
  b.u = (uint32_t)(k + 127) << 23;
  return b.f;
}
""",
    ),
    "exponential": (
        ("bits", "power"),
        """static float exponential(float x)
{
  const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
  float n, r, p;
  int32_t k, half;
  bits b;
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  n = x * 1.44269504088896341f + magic;
  b.f = n;
  k = (int32_t)(b.u - 0x4b400000u);
  n -= magic;
  r = n * -0.693359375f + x;
  r = n * 2.12194440e-4f + r;
  p = 1.9875691500e-4f * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  if (!(x == x)) {
    return x;
  }
  half = (k - (int32_t)((uint32_t)k & 1u)) / 2; /* two factors, so that subnormal results come out right */
  return p * power(half) * power(k - half);
}
""",
    ),
    "tanh": (
        (),
        """static float hyperbolic_tangent(float z)
{
  const float limit = 7.90531110763549805f;
  float x = z > limit ? limit : z, s, p, q;
  x = x < -limit ? -limit : x;
  s = x * x;
  p = -2.76076847742355e-16f * s + 2.00018790482477e-13f;
  p = p * s + -8.60467152213735e-11f;
  p = p * s + 5.12229709037114e-08f;
  p = p * s + 1.48572235717979e-05f;
  p = p * s + 6.37261928875436e-04f;
  p = p * s + 4.89352455891786e-03f;
  q = 1.19825839466702e-06f * s + 1.18534705686654e-04f;
  q = q * s + 2.26843463243900e-03f;
  q = q * s + 4.89352518554385e-03f;
  return s < 1e-7f ? z : x * p / q;
}
""",
    ),
    "sigmoid": (
        ("exponential",),
        """static float sigmoid(float z)
{
  const float e = exponential(z < 0.0f ? z : -z), large = 1.0f / (1.0f + e);
  return z < 0.0f ? e * large : large;
}
""",
    ),
    "logarithm": (
        ("bits",),
        """/* of a normal x > 0 */
static float logarithm(float x)
{
  bits b;
  int32_t k;
  float f, n, p, s, y;
  if (!(x <= 3.40282347e+38f)) {
    return x;
  }
  b.f = x;
  k = (int32_t)((b.u - 0x3f3504f3u + 0x40000000u) >> 23) - 128; /* x = 2^k m with m from sqrt(1/2) to sqrt(2) */
  b.u -= (uint32_t)k << 23;
  f = b.f - 1.0f;
  n = (float)k;
  p = 7.0376836292e-2f * f + -1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f + -1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f + -1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f + -2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  s = f * f;
  y = p * f * s + n * -2.12194440e-4f;
  return n * 0.693359375f + (s * -0.5f + y + f);
}
""",
    ),
    "erf": (
        ("exponential",),
        """static float error_function(float x)
{
  const float size = x < 0.0f ? -x : x, s = x * x, t = 1.0f / (size + 2.0f);
  float p, q, far;
  p = 7.88876223e-05f * s + -8.02073300e-04f;
  p = p * s + 5.18952301e-03f;
  p = p * s + -2.68544381e-02f;
  p = p * s + 1.12836000e-01f;
  p = p * s + -3.76126271e-01f;
  p = p * s + 1.12837917e+00f;
  q = -7.38595994e+00f * t + 1.01873334e+01f;
  q = q * t + -5.15951944e-01f;
  q = q * t + 1.58728666e+00f;
  q = q * t + 5.19389766e-01f;
  q = q * t + 1.82314950e-03f;
  far = -q * exponential(-s) + 1.0f;
  return size < 1.0f ? x * p : (x < 0.0f ? -far : far);
}
""",
    ),
    "root": (
        ("bits",),
        """/* The square root of x >= 0, rounded as IEEE 754 rounds it: digit by digit. */
static float root(float x)
{
  bits b;
  uint32_t m, r = 0, step;
  uint32_t high = 0, low;
  int32_t e;
  int i;
  b.f = x;
  if (!(x > 0.0f) || b.u >= 0x7f800000u) {
    return x;
  }
  e = (int32_t)(b.u >> 23);
  m = b.u & 0x7fffffu;
  if (e == 0) {
    for (e = 1; m < 0x800000u; m <<= 1) {
      e--;
    }
  } else {
    m |= 0x800000u;
  }
  if (((uint32_t)e & 1u) == 0u) { /* an odd power of 2 */
    m <<= 1;
  }
  e = (e + 127 - (((uint32_t)e & 1u) == 0u ? 1 : 0)) / 2;
  low = m << 7; /* 26 digits of the root from 52 of m, two at a time */
  for (i = 0; i < 25; i++) {
    high = (high << 2) | (low >> 30);
    low <<= 2;
    step = (r << 2) | 1u;
    r <<= 1;
    if (high >= step) {
      high -= step;
      r |= 1u;
    }
  }
  r = (r >> 1) + (r & 1u); /* no root lies halfway between two numbers */
  b.u = (uint32_t)(e - 1) << 23;
  b.u += r;
  return b.f;
}
""",
    ),
    "identity": ((), ""),
    "relu": (
        (),
        """static float relu(float z)
{
  return z <= 0.0f ? 0.0f : z;
}
""",
    ),
    "leaky_relu": (
        (),
        """static float leaky_relu(float z, float slope)
{
  return z > 0.0f ? z : slope * z;
}
""",
    ),
    "elu": (
        ("exponential", "tanh"),
        """static float elu(float z, float alpha)
{
  const float below = z < 0.0f ? z : 0.0f;
  const float a = alpha * ((1.0f + exponential(below)) * hyperbolic_tangent(below * 0.5f));
  return z > 0.0f || !(z == z) ? z : a;
}
""",
    ),
    "selu": (
        ("elu",),
        """static float selu(float z)
{
  return elu(z, 1.67326319f) * 1.05070102f;
}
""",
    ),
    "gelu": (
        ("erf",),
        """static float gelu(float z)
{
  return z * (error_function(z * 0.707106769f) * 0.5f + 0.5f);
}
""",
    ),
    "gelu_tanh": (
        ("sigmoid",),
        """static float gelu_tanh(float z)
{
  return z * sigmoid(1.59576917f * z * (z * z * 0.0447149985f + 1.0f));
}
""",
    ),
    "silu": (
        ("sigmoid",),
        """static float silu(float z)
{
  return z * sigmoid(z);
}
""",
    ),
    "mish": (
        ("exponential",),
        """static float mish(float z)
{
  const float e = exponential(z < 0.0f ? z : -z), e2 = e * e;
  const float top = z < 0.0f ? e * 2.0f + e2 : e * 2.0f + 1.0f;
  const float rest = z < 0.0f ? 2.0f : 2.0f * e2;
  return z * (top / (top + rest));
}
""",
    ),
    "softplus": (
        ("exponential", "logarithm"),
        """static float softplus(float z)
{
  const float e = exponential(z < 0.0f ? z : -z), u = 1.0f + e;
  const float a = (z > 0.0f ? z : 0.0f) + (logarithm(u) + (e - (u - 1.0f)) / u);
  return z == z ? a : z;
}
""",
    ),
    "squareplus": (
        ("root",),
        """static float squareplus(float z, float b)
{
  const float far = 0.5f * (root(z * z + b) + (z > 0.0f ? z : -z));
  return z > 0.0f ? far : 0.25f * b / far;
}
""",
    ),
    "softsign": (
        (),
        """static float softsign(float z)
{
  return z * (1.0f / (1.0f + (z < 0.0f ? -z : z)));
}
""",
    ),
    "hard_sigmoid": (
        (),
        """static float hard_sigmoid(float z)
{
  return z <= -3.0f ? 0.0f : (z >= 3.0f ? 1.0f : z * 0.166666672f + 0.5f);
}
""",
    ),
    "hard_tanh": (
        (),
        """static float hard_tanh(float z)
{
  return z < -1.0f ? -1.0f : (z > 1.0f ? 1.0f : z);
}
""",
    ),
    "exp": (("exponential",), ""),
    "softmax": (
        ("exponential",),
        """/* `lanes` sums, then their sum: one for up to 32 outputs of the last layer, else four, as the engine does */
static void softmax(float *a, int count, int lanes)
{
  float sum[4] = {0.0f, 0.0f, 0.0f, 0.0f}, top = a[0], inverse;
  int i, lane = 0;
  for (i = 1; i < count; i++) {
    top = a[i] > top ? a[i] : top;
  }
  for (i = 0; i < count; i++) {
    a[i] = exponential(a[i] - top);
    sum[lane] += a[i];
    lane = lane + 1 < lanes ? lane + 1 : 0;
  }
  inverse = 1.0f / (sum[0] + sum[2] + (sum[1] + sum[3]));
  for (i = 0; i < count; i++) {
    a[i] = a[i] * inverse;
  }
}
""",
    ),
    "dense": (
        (),
        """/* Each output is one chain of multiply-adds: its bias, then the inputs in their order. The weights lie in
   groups of eight outputs: eight biases, then eight weights for each input; what is left over, in a group of four
   and one by one. Of two groups four vectors run side by side, where vectors round as single numbers do. */
#if defined(__GNUC__) && (defined(__SSE__) || defined(__aarch64__))
#define VECTORS
typedef float four __attribute__((vector_size(16), aligned(4), may_alias));
#define FOUR(p) (*(const four *)(p))
#endif
static const float *dense(const float *w, int inputs, int outputs, const float *x, float *y)
{
  int i, k = 0;
#ifdef VECTORS
  for (; k + 16 <= outputs; k += 16) {
    const float *p = w + 8 * (inputs + 1);
    four a = FOUR(w), b = FOUR(w + 4), c = FOUR(p), d = FOUR(p + 4);
    for (i = 0; i < inputs; i++) {
      const four v = {x[i], x[i], x[i], x[i]};
      w += 8;
      p += 8;
      a += FOUR(w) * v;
      b += FOUR(w + 4) * v;
      c += FOUR(p) * v;
      d += FOUR(p + 4) * v;
    }
    w = p + 8;
    *(four *)(y + k) = a;
    *(four *)(y + k + 4) = b;
    *(four *)(y + k + 8) = c;
    *(four *)(y + k + 12) = d;
  }
#endif
"""
        + _group(8)
        + _group(4)
        + """  for (; k < outputs; k++) {
    float s = *w++;
    for (i = 0; i < inputs; i++) {
      s += *w++ * x[i];
    }
    y[k] = s;
  }
  return w;
}
""",
    ),
    "bins": (
        (),
        """/* The position of v in each bin, 0 below it and 1 above it; an edge is the sum of two numbers. */
static float *bins(float v, const float *edge, int count, float *x)
{
  int i;
  for (i = 0; i < count; i++, edge += 3) {
    const float p = (v - edge[0] - edge[1]) / edge[2];
    *x++ = p < 0.0f ? 0.0f : (p > 1.0f ? 1.0f : p);
  }
  return x;
}
""",
    ),
    "smooth": (
        ("root",),
        """/* z / sqrt(1 + (z / 3)^2) */
static float smooth(float z)
{
  z = z > 1e18f ? 1e18f : (z < -1e18f ? -1e18f : z);
  return 3.0f * z / root(9.0f + z * z);
}
""",
    ),
    "log_of_any": (
        ("logarithm",),
        """/* log x; of x <= 0 that of the smallest double */
static float log_of_any(float x)
{
  if (x < 1.17549435e-38f) {
    return x > 0.0f ? logarithm(x * 16777216.0f) - 16.6355324f : -708.396423f;
  }
  return logarithm(x);
}
""",
    ),
    "category": (
        (),
        """/* v is the number of a category, or NaN where it is missing; any other number is a new category. */
static float *category(float v, int count, int others, int missing, float *x)
{
  int i, known = 0;
  for (i = 0; i < count; i++) {
    const int is = v == (float)i;
    known |= is;
    *x++ = is ? 1.0f : 0.0f;
  }
  if (others) {
    *x++ = !known && v == v ? 1.0f : 0.0f;
  }
  if (missing) {
    *x++ = v == v ? 0.0f : 1.0f;
  }
  return x;
}
""",
    ),
}
#: activation → how it is called on z, where its name is not the function's.
ACTIVATION_CALLS = {
    "tanh": "hyperbolic_tangent",
    "exp": "exponential",
}


def functions_for(names: Iterable[str]) -> str:
    """The text of these functions and of those that they call, each before its callers."""
    return "\n".join(filter(None, texts_with_needs(FUNCTIONS, names)))
