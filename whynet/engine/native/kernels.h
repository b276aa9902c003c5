// What every step written in C++ is made of: products of small matrices, and functions that compilers turn into vector code.
//
// Sizes are template parameters, so that each product is unrolled for its own shape. Against a library's product of 64x64 matrices that is
// two to three times faster: nothing is looked up, packed without need, or checked.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#if defined(__AVX512F__)
#define WIDTH 16  // floats in a register
#define ROWS 8    // rows of the result that are held in registers, two registers wide
#elif defined(__AVX__)
#define WIDTH 8
#define ROWS 4
#else
#define WIDTH 4
#define ROWS 4
#endif

#define INLINE static inline __attribute__((always_inline))

template <int N> struct Vector { typedef float type __attribute__((vector_size(4 * N), aligned(4))); };

constexpr int least_width(int n) { return n <= 4 ? 4 : n <= 8 && WIDTH >= 8 ? 8 : WIDTH; }

// --- C (M, N) = A (M, K) B (K, N); A of any strides, the rows of B and C contiguous -----------------------------------------

template <int MR, int NV, int W, int K>
INLINE void tile(const float* A, long ai, long ak, const float* B, long ldb, float* C, long ldc) {
  typedef typename Vector<W>::type V;
  V c[MR][NV];
  for (int i = 0; i < MR; i++)
    for (int j = 0; j < NV; j++) c[i][j] = V{};
  for (int k = 0; k < K; k++) {
    V b[NV];
    for (int j = 0; j < NV; j++) b[j] = *(const V*)(B + k * ldb + W * j);
    for (int i = 0; i < MR; i++) {
      float a = A[i * ai + k * ak];
      for (int j = 0; j < NV; j++) c[i][j] += a * b[j];
    }
  }
  for (int i = 0; i < MR; i++)
    for (int j = 0; j < NV; j++) *(V*)(C + i * ldc + W * j) = c[i][j];
}

// A panel of columns; the rows in steps of MR, then what is left of them.
template <int M, int MR, int NV, int W, int K>
INLINE void panel(const float* A, long ai, long ak, const float* B, long ldb, float* C, long ldc) {
  for (int i = 0; i + MR <= M; i += MR) tile<MR, NV, W, K>(A + i * ai, ai, ak, B, ldb, C + i * ldc, ldc);
  if constexpr (M % MR != 0) {
    constexpr int i = M - M % MR;
    tile<M % MR, NV, W, K>(A + i * ai, ai, ak, B, ldb, C + i * ldc, ldc);
  }
}

// The last REM columns, fewer than a register holds: as if they were a register full, with zeros behind.
template <int M, int REM, int K>
INLINE void edge(const float* A, long ai, long ak, const float* B, long ldb, float* C, long ldc) {
  constexpr int W = least_width(REM);
  alignas(64) float b[K * W], c[ROWS * 2 * W];
  for (int k = 0; k < K; k++)
    for (int j = 0; j < W; j++) b[k * W + j] = j < REM ? B[k * ldb + j] : 0.0f;
  for (int i = 0; i < M; i += 2 * ROWS) {
    if (i + 2 * ROWS <= M)
      tile<2 * ROWS, 1, W, K>(A + i * ai, ai, ak, b, W, c, W);
    else if constexpr (M % (2 * ROWS) != 0)
      tile<M % (2 * ROWS), 1, W, K>(A + i * ai, ai, ak, b, W, c, W);
    const int rows = i + 2 * ROWS <= M ? 2 * ROWS : M - i;
    for (int r = 0; r < rows; r++)
      for (int j = 0; j < REM; j++) C[(i + r) * ldc + j] = c[r * W + j];
  }
}

template <int M, int N, int K>
static __attribute__((noinline)) void product(const float* A, long ai, long ak, const float* B, long ldb, float* C, long ldc) {
  constexpr int wide = N / (2 * WIDTH) * (2 * WIDTH);
  for (int j = 0; j < wide; j += 2 * WIDTH) panel<M, ROWS, 2, WIDTH, K>(A, ai, ak, B + j, ldb, C + j, ldc);
  constexpr int one = (N - wide) / WIDTH * WIDTH;
  if constexpr (one > 0) panel<M, 2 * ROWS, 1, WIDTH, K>(A, ai, ak, B + wide, ldb, C + wide, ldc);
  constexpr int rest = N - wide - one;
  if constexpr (rest > 0) edge<M, rest, K>(A, ai, ak, B + wide + one, ldb, C + wide + one, ldc);
}

// P (K, N) = the rows of B, which has any strides, made contiguous.
template <int K, int N>
static __attribute__((noinline)) void pack(const float* __restrict B, long bk, long bn, float* __restrict P) {
  constexpr int T = 16;
  for (int k = 0; k < K; k += T)
    for (int n = 0; n < N; n++)
      for (int q = k; q < (k + T < K ? k + T : K); q++) P[q * N + n] = B[q * bk + n * bn];
}

// --- images: x (B, C, H, W), w (O, C, KH, KW), out (B, O, OH, OW) -------------------------------------------------------------

template <int C_, int H_, int W_, int O_, int KH_, int KW_, int SH_, int SW_, int PH_, int PW_, int DH_, int DW_> struct Window {
  static constexpr int C = C_, H = H_, W = W_, O = O_, KH = KH_, KW = KW_, SH = SH_, SW = SW_, PH = PH_, PW = PW_, DH = DH_, DW = DW_;
  static constexpr int OH = (H + 2 * PH - DH * (KH - 1) - 1) / SH + 1, OW = (W + 2 * PW - DW * (KW - 1) - 1) / SW + 1;
  static constexpr int P = OH * OW, K = C * KH * KW;
  // From which output column on, and up to which, a column of the kernel reads inside the image.
  static constexpr int from(int kw) { return kw * DW >= PW ? 0 : (PW - kw * DW + SW - 1) / SW; }
  static constexpr int upto(int kw) {
    int n = (W - 1 + PW - kw * DW) / SW + 1;
    return W - 1 + PW - kw * DW < 0 ? 0 : n < OW ? n : OW;
  }
};

// cols (K, P): what each place of the kernel reads, output by output.
template <class N> INLINE void to_columns(const float* __restrict x, float* __restrict cols) {
  for (int c = 0; c < N::C; c++)
    for (int kh = 0; kh < N::KH; kh++)
      for (int kw = 0; kw < N::KW; kw++) {
        float* row = cols + ((c * N::KH + kh) * N::KW + kw) * N::P;
        const int from = N::from(kw), upto = N::upto(kw);
        for (int oh = 0; oh < N::OH; oh++, row += N::OW) {
          const int h = oh * N::SH + kh * N::DH - N::PH;
          if (h < 0 || h >= N::H) {
            for (int ow = 0; ow < N::OW; ow++) row[ow] = 0.0f;
            continue;
          }
          const float* line = x + (c * N::H + h) * N::W + kw * N::DW - N::PW;
          for (int ow = 0; ow < from; ow++) row[ow] = 0.0f;
          for (int ow = from; ow < upto; ow++) row[ow] = line[ow * N::SW];
          for (int ow = upto > from ? upto : from; ow < N::OW; ow++) row[ow] = 0.0f;
        }
      }
}

// The other way: every place of the kernel adds to what it read.
template <class N> INLINE void from_columns(const float* __restrict cols, float* __restrict x) {
  for (int i = 0; i < N::C * N::H * N::W; i++) x[i] = 0.0f;
  for (int c = 0; c < N::C; c++)
    for (int kh = 0; kh < N::KH; kh++)
      for (int kw = 0; kw < N::KW; kw++) {
        const float* row = cols + ((c * N::KH + kh) * N::KW + kw) * N::P;
        for (int oh = 0; oh < N::OH; oh++, row += N::OW) {
          const int h = oh * N::SH + kh * N::DH - N::PH;
          if (h < 0 || h >= N::H) continue;
          float* line = x + (c * N::H + h) * N::W + kw * N::DW - N::PW;
#pragma GCC ivdep
          for (int ow = N::from(kw); ow < N::upto(kw); ow++) line[ow * N::SW] += row[ow];
        }
      }
}

template <int B, class N> static __attribute__((noinline)) void convolve(const float* x, const float* w, float* out, float* cols) {
  for (int b = 0; b < B; b++) {
    to_columns<N>(x + b * N::C * N::H * N::W, cols);
    product<N::O, N::P, N::K>(w, N::K, 1, cols, N::P, out + b * N::O * N::P, N::P);
  }
}

template <int B, class N> static __attribute__((noinline)) void convolve_input(const float* g, const float* w, float* x, float* cols) {
  for (int b = 0; b < B; b++) {
    product<N::K, N::P, N::O>(w, 1, N::K, g + b * N::O * N::P, N::P, cols, N::P);
    from_columns<N>(cols, x + b * N::C * N::H * N::W);
  }
}

// The gradient of the weights, (O, K): for each example g (O, P) times what was read, (P, K); the products are added up.
template <int B, class N>
static __attribute__((noinline)) void convolve_weight(const float* g, const float* x, float* w, float* cols, float* rows, float* one) {
  for (int i = 0; i < N::O * N::K; i++) w[i] = 0.0f;
  for (int b = 0; b < B; b++) {
    to_columns<N>(x + b * N::C * N::H * N::W, cols);
    pack<N::P, N::K>(cols, 1, N::P, rows);
    product<N::O, N::K, N::P>(g + b * N::O * N::P, N::P, 1, rows, N::K, one, N::K);
    for (int i = 0; i < N::O * N::K; i++) w[i] += one[i];
  }
}

template <int B, class N>
static __attribute__((noinline)) void max_pool(const float* __restrict x, float* __restrict out, int64_t* __restrict where) {
  for (int b = 0; b < B; b++, x += N::H * N::W, out += N::P, where += N::P)
    for (int oh = 0; oh < N::OH; oh++)
      for (int ow = 0; ow < N::OW; ow++) {
        float most = -INFINITY;
        int64_t at = -1;
        for (int kh = 0; kh < N::KH; kh++)
          for (int kw = 0; kw < N::KW; kw++) {
            const int h = oh * N::SH + kh * N::DH - N::PH, w = ow * N::SW + kw * N::DW - N::PW;
            const bool inside = h >= 0 && h < N::H && w >= 0 && w < N::W;
            const float v = inside ? x[h * N::W + w] : -INFINITY;
            const bool better = inside && (at < 0 || v > most || v != v);
            most = better ? v : most;
            at = better ? h * N::W + w : at;
          }
        out[oh * N::OW + ow] = most;
        where[oh * N::OW + ow] = at;
      }
}

template <int B, class N>
static __attribute__((noinline)) void max_pool_input(const float* __restrict g, const int64_t* __restrict where, float* __restrict x) {
  for (int i = 0; i < B * N::H * N::W; i++) x[i] = 0.0f;
  for (int b = 0; b < B; b++, x += N::H * N::W, g += N::P, where += N::P)
    for (int p = 0; p < N::P; p++) x[where[p]] += g[p];
}

// How many numbers an average is over.
template <class N> INLINE float averaged(int oh, int ow, bool padding) {
  int h0 = oh * N::SH - N::PH, w0 = ow * N::SW - N::PW;
  int h1 = h0 + N::KH, w1 = w0 + N::KW;
  if (padding) {
    h1 = h1 < N::H + N::PH ? h1 : N::H + N::PH;
    w1 = w1 < N::W + N::PW ? w1 : N::W + N::PW;
  } else {
    h0 = h0 > 0 ? h0 : 0;
    w0 = w0 > 0 ? w0 : 0;
    h1 = h1 < N::H ? h1 : N::H;
    w1 = w1 < N::W ? w1 : N::W;
  }
  return (float)((h1 - h0) * (w1 - w0));
}

template <int B, class N, bool PADDING> static __attribute__((noinline)) void average_pool(const float* __restrict x, float* __restrict out) {
  for (int b = 0; b < B; b++, x += N::H * N::W, out += N::P)
    for (int oh = 0; oh < N::OH; oh++)
      for (int ow = 0; ow < N::OW; ow++) {
        float sum = 0.0f;
        for (int kh = 0; kh < N::KH; kh++)
          for (int kw = 0; kw < N::KW; kw++) {
            const int h = oh * N::SH + kh - N::PH, w = ow * N::SW + kw - N::PW;
            sum += h >= 0 && h < N::H && w >= 0 && w < N::W ? x[h * N::W + w] : 0.0f;
          }
        out[oh * N::OW + ow] = sum / averaged<N>(oh, ow, PADDING);
      }
}

template <int B, class N, bool PADDING>
static __attribute__((noinline)) void average_pool_input(const float* __restrict g, float* __restrict x) {
  for (int i = 0; i < B * N::H * N::W; i++) x[i] = 0.0f;
  for (int b = 0; b < B; b++, x += N::H * N::W, g += N::P)
    for (int oh = 0; oh < N::OH; oh++)
      for (int ow = 0; ow < N::OW; ow++) {
        const float share = g[oh * N::OW + ow] / averaged<N>(oh, ow, PADDING);
        for (int kh = 0; kh < N::KH; kh++)
          for (int kw = 0; kw < N::KW; kw++) {
            const int h = oh * N::SH + kh - N::PH, w = ow * N::SW + kw - N::PW;
            if (h >= 0 && h < N::H && w >= 0 && w < N::W) x[h * N::W + w] += share;
          }
      }
}

// --- functions, without branches, good to two units in the last place -------------------------------------------------------

INLINE float bits_to_float(int32_t i) { float f; memcpy(&f, &i, 4); return f; }
INLINE int32_t float_to_bits(float f) { int32_t i; memcpy(&i, &f, 4); return i; }

// e^x = 2^n e^r with |r| <= ln 2 / 2, and the Taylor polynomial of e^r in Cephes' coefficients.
INLINE float fast_exp(float x) {
  float c = x > 88.722839f ? 88.722839f : x;
  c = c < -87.33654f ? -87.33654f : c;
  c = x == x ? c : 0.0f;
  float n = __builtin_rintf(c * 1.44269504f);
  float r = c - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t e = (int32_t)n;
  float half = bits_to_float((e / 2 + 127) << 23), other = bits_to_float((e - e / 2 + 127) << 23);
  float y = p * half * other;
  y = x > 88.722839f ? INFINITY : y;
  y = x < -87.33654f ? 0.0f : y;
  return x == x ? y : x;
}

// ln x = e ln 2 + ln m with m near 1 (Cephes).
INLINE float fast_log(float x) {
  float z = x < 1.17549435e-38f ? x * 8388608.0f : x;  // numbers below the normal ones are scaled up
  int32_t i = float_to_bits(z);
  int32_t e = ((i >> 23) & 255) - 126;
  float m = bits_to_float((i & 0x007fffff) | 0x3f000000);  // in [0.5, 1)
  bool low = m < 0.707106781f;
  float n = (float)(low ? e - 1 : e) - (x < 1.17549435e-38f ? 23.0f : 0.0f);
  float f = (low ? m + m : m) - 1.0f;
  float p = 7.0376836292e-2f;
  p = p * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  float f2 = f * f;
  float y = f * f2 * p - 2.12194440e-4f * n - 0.5f * f2;
  y = f + y + 0.693359375f * n;
  y = x == INFINITY ? x : y;
  y = x == 0.0f ? -INFINITY : y;
  return x >= 0.0f ? y : NAN;
}

INLINE float fast_sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

INLINE float fast_tanh(float x) {
  float a = x < 0 ? -x : x;
  float e = fast_exp(2.0f * (a > 10.0f ? 10.0f : a));
  float far = 1.0f - 2.0f / (e + 1.0f);
  float s = x * x;  // near zero 1 - 2 / (e + 1) cancels: a polynomial there (Cephes)
  float p = -5.70498872745e-3f;
  p = p * s + 2.06390887954e-2f;
  p = p * s - 5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s - 3.33332819422e-1f;
  float near = p * s * x + x;
  float y = a < 0.625f ? near : (x < 0 ? -far : far);
  return x == x ? y : x;
}

INLINE float fast_expm1(float x) {
  float s = 1.0f / 720.0f;
  s = s * x + 1.0f / 120.0f;
  s = s * x + 1.0f / 24.0f;
  s = s * x + 1.0f / 6.0f;
  s = s * x + 0.5f;
  float near = s * x * x + x;
  return (x < 0 ? -x : x) < 0.25f ? near : fast_exp(x) - 1.0f;
}

INLINE float fast_log1p(float x) {
  float u = 1.0f + x;
  return u == 1.0f ? x : u == INFINITY ? u : fast_log(u) * (x / (u - 1.0f));
}

INLINE long wrap(int64_t i, long n) { return i < 0 ? i + n : i; }

template <class T> INLINE T nan_max(T a, T b) { return a != a ? a : (b > a || b != b ? b : a); }
template <class T> INLINE T nan_min(T a, T b) { return a != a ? a : (b < a || b != b ? b : a); }
template <class T> INLINE T sign_of(T x) { return (T)(x > 0) - (T)(x < 0); }

// --- many steps of many arms ------------------------------------------------------------------------------------------------

// One argument or result of the step: where it is, and how far apart it is for two arms and for two steps, in bytes.
struct Place { char* at; int64_t arm, step; };

struct Burst {
  int64_t arms, steps, batch, states, inputs, outputs;
  const Place* in;        // of every input; that of x and y is not read
  const Place* out;       // of every output
  const int64_t* size;    // bytes of each state
  int64_t x, y;           // which inputs these are
  const char *pool_x, *pool_y;
  int64_t row_x, row_y;   // bytes of an example
  const int64_t* positions;
  int64_t positions_arm, positions_step;  // in numbers, not in bytes
  char *gathered_x, *gathered_y, *spare;  // room for one batch, and for the states of one arm
  char* scratch;
};

static void step(const void* const* in, void* const* out, char* scratch);

INLINE void gather_rows(char* to, const char* pool, int64_t row, const int64_t* which, int64_t n) {
  if (row == 8)
    for (int64_t i = 0; i < n; i++) memcpy(to + 8 * i, pool + 8 * which[i], 8);
  else
    for (int64_t i = 0; i < n; i++) memcpy(to + row * i, pool + row * which[i], row);
}

// Outputs are the loss, then the states, then readings. The states go to and fro between their place and a spare one, so that each
// arm stays in the processor's nearest memory for all of its steps, and the last step leaves them where they belong.
extern "C" void burst(const Burst* b) {
  const void* in[b->inputs];
  void* out[b->outputs];
  for (int64_t arm = 0; arm < b->arms; arm++) {
    for (int64_t s = 0; s < b->steps; s++) {
      const int64_t* which = b->positions + arm * b->positions_arm + s * b->positions_step;
      gather_rows(b->gathered_x, b->pool_x, b->row_x, which, b->batch);
      gather_rows(b->gathered_y, b->pool_y, b->row_y, which, b->batch);
      for (int64_t i = b->states; i < b->inputs; i++) in[i] = b->in[i].at + arm * b->in[i].arm + s * b->in[i].step;
      in[b->x] = b->gathered_x;
      in[b->y] = b->gathered_y;
      for (int64_t i = 0; i < b->outputs; i++) out[i] = b->out[i].at + arm * b->out[i].arm + s * b->out[i].step;
      const bool to_place = (b->steps - 1 - s) % 2 == 0;
      char* spare = b->spare;
      for (int64_t i = 0; i < b->states; i++) {
        char* place = b->out[1 + i].at + arm * b->out[1 + i].arm;
        in[i] = s == 0 ? b->in[i].at + arm * b->in[i].arm : to_place ? spare : place;
        out[1 + i] = to_place ? place : spare;
        spare += (b->size[i] + 63) / 64 * 64;
      }
      step(in, out, b->scratch);
    }
  }
}
