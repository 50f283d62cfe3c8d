// The C face of libtorch: opaque handles, no C++ type, no exception.
//
// A function that makes a tensor returns NULL on failure, one that answers a question returns false; the reason is
// then in `ctorch_last_error()` of the same thread. Handles are owned by the caller and freed with `..._free`.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ctorch_tensor* ctorch_tensor_t;
typedef struct ctorch_generator* ctorch_generator_t;

typedef enum {
    ctorch_float32,
    ctorch_bfloat16,
    ctorch_float16,
    ctorch_float64,
    ctorch_int64,
    ctorch_int32,
    ctorch_int16,
    ctorch_int8,
    ctorch_uint8,
    ctorch_bool
} ctorch_dtype;

typedef enum { ctorch_cpu, ctorch_cuda, ctorch_mps } ctorch_device_kind;
typedef struct {
    ctorch_device_kind kind;
    int32_t index;
} ctorch_device;

/// A number that keeps whether it is whole, since the result's dtype depends on it.
typedef struct {
    bool is_integer;
    int64_t integer;
    double real;
} ctorch_scalar;

// MARK: Errors, threads, devices

const char* _Nonnull ctorch_last_error(void);
const char* _Nonnull ctorch_version(void);
int32_t ctorch_thread_count(void);
void ctorch_set_thread_count(int32_t count);
/// Whether the processor multiplies bfloat16 matrices in hardware (AVX-512 BF16).
bool ctorch_has_fast_bfloat16(void);
/// Lets the allocator keep up to this much freed memory, instead of giving it back and faulting it in again each step.
void ctorch_keep_freed_memory(int64_t bytes);
/// Loads libtorch_cuda beside libtorch_cpu (or from the loader's path) and says whether a CUDA device answers.
bool ctorch_cuda_available(void);
bool ctorch_mps_available(void);
/// Ends all queued work of the device; true for the CPU.
bool ctorch_synchronize(ctorch_device device);
/// Opens a scope on this thread in which no gradient is recorded; closed by `ctorch_inference_end` on the same thread.
void* _Nullable ctorch_inference_begin(void);
void ctorch_inference_end(void* _Nonnull scope);

// MARK: Life and shape

void ctorch_tensor_free(ctorch_tensor_t _Nonnull tensor);
/// Another handle on the same tensor.
ctorch_tensor_t _Nullable ctorch_tensor_retain(ctorch_tensor_t _Nonnull tensor);
int32_t ctorch_rank(ctorch_tensor_t _Nonnull tensor);
int64_t ctorch_size(ctorch_tensor_t _Nonnull tensor, int32_t dimension);
ctorch_dtype ctorch_tensor_dtype(ctorch_tensor_t _Nonnull tensor);
ctorch_device ctorch_tensor_device(ctorch_tensor_t _Nonnull tensor);
bool ctorch_is_contiguous(ctorch_tensor_t _Nonnull tensor);
/// First element of a CPU tensor; NULL for another device.
void* _Nullable ctorch_data(ctorch_tensor_t _Nonnull tensor);

/// A tensor over memory that somebody else owns; `release(context)` is called when the last user is gone, also on
/// failure.
ctorch_tensor_t _Nullable ctorch_alias(
    void* _Nonnull data, const int64_t* _Nullable shape, const int64_t* _Nullable strides, int32_t rank,
    ctorch_dtype dtype, void* _Nullable context, void (*_Nonnull release)(void* _Nullable));
ctorch_tensor_t _Nullable ctorch_empty(
    const int64_t* _Nullable shape, int32_t rank, ctorch_dtype dtype, ctorch_device device);
ctorch_tensor_t _Nullable ctorch_full(
    const int64_t* _Nullable shape, int32_t rank, ctorch_scalar value, ctorch_dtype dtype, ctorch_device device);
ctorch_tensor_t _Nullable ctorch_arange(
    ctorch_scalar start, ctorch_scalar end, ctorch_scalar step, ctorch_dtype dtype, ctorch_device device);
ctorch_tensor_t _Nullable ctorch_to(
    ctorch_tensor_t _Nonnull tensor, ctorch_dtype dtype, ctorch_device device, bool copy);
ctorch_tensor_t _Nullable ctorch_contiguous(ctorch_tensor_t _Nonnull tensor);

ctorch_tensor_t _Nullable ctorch_reshape(ctorch_tensor_t _Nonnull tensor, const int64_t* _Nullable shape, int32_t rank);
ctorch_tensor_t _Nullable ctorch_expand(ctorch_tensor_t _Nonnull tensor, const int64_t* _Nullable shape, int32_t rank);
ctorch_tensor_t _Nullable ctorch_permute(ctorch_tensor_t _Nonnull tensor, const int64_t* _Nonnull order, int32_t rank);
ctorch_tensor_t _Nullable ctorch_transpose(ctorch_tensor_t _Nonnull tensor, int32_t first, int32_t second);
ctorch_tensor_t _Nullable ctorch_slice(
    ctorch_tensor_t _Nonnull tensor, int32_t dimension, int64_t start, int64_t end, int64_t step);
ctorch_tensor_t _Nullable ctorch_select(ctorch_tensor_t _Nonnull tensor, int32_t dimension, int64_t index);
ctorch_tensor_t _Nullable ctorch_unsqueeze(ctorch_tensor_t _Nonnull tensor, int32_t dimension);
ctorch_tensor_t _Nullable ctorch_squeeze(ctorch_tensor_t _Nonnull tensor, int32_t dimension);
ctorch_tensor_t _Nullable ctorch_cat(
    const ctorch_tensor_t _Nonnull* _Nonnull tensors, int32_t count, int32_t dimension);
ctorch_tensor_t _Nullable ctorch_stack(
    const ctorch_tensor_t _Nonnull* _Nonnull tensors, int32_t count, int32_t dimension);
ctorch_tensor_t _Nullable ctorch_pad(
    ctorch_tensor_t _Nonnull tensor, const int64_t* _Nonnull amounts, int32_t count, double value);

ctorch_tensor_t _Nullable ctorch_index_select(
    ctorch_tensor_t _Nonnull tensor, int32_t dimension, ctorch_tensor_t _Nonnull indices);
ctorch_tensor_t _Nullable ctorch_gather(
    ctorch_tensor_t _Nonnull tensor, int32_t dimension, ctorch_tensor_t _Nonnull indices);
ctorch_tensor_t _Nullable ctorch_index_copy(
    ctorch_tensor_t _Nonnull tensor, int32_t dimension, ctorch_tensor_t _Nonnull indices,
    ctorch_tensor_t _Nonnull source);
ctorch_tensor_t _Nullable ctorch_where(
    ctorch_tensor_t _Nonnull condition, ctorch_tensor_t _Nonnull a, ctorch_tensor_t _Nonnull b);
ctorch_tensor_t _Nullable ctorch_masked_fill(
    ctorch_tensor_t _Nonnull tensor, ctorch_tensor_t _Nonnull mask, ctorch_scalar value);
/// Writes `source` over `target`, converting and broadcasting.
bool ctorch_copy_in_place(ctorch_tensor_t _Nonnull target, ctorch_tensor_t _Nonnull source);

// MARK: Arithmetic

typedef enum {
    ctorch_neg,
    ctorch_exp,
    ctorch_log,
    ctorch_sqrt,
    ctorch_rsqrt,
    ctorch_reciprocal,
    ctorch_abs,
    ctorch_floor,
    ctorch_sin,
    ctorch_cos,
    ctorch_sigmoid,
    ctorch_silu,
    ctorch_logical_not,
    ctorch_isfinite,
    ctorch_tanh,
    ctorch_gelu
} ctorch_unary_op;
typedef enum {
    ctorch_add,
    ctorch_sub,
    ctorch_mul,
    ctorch_div,
    ctorch_pow,
    ctorch_maximum,
    ctorch_minimum,
    ctorch_eq,
    ctorch_ne,
    ctorch_lt,
    ctorch_le,
    ctorch_gt,
    ctorch_ge,
    ctorch_and,
    ctorch_or
} ctorch_binary_op;

ctorch_tensor_t _Nullable ctorch_unary(ctorch_unary_op op, ctorch_tensor_t _Nonnull tensor);
ctorch_tensor_t _Nullable ctorch_binary(ctorch_binary_op op, ctorch_tensor_t _Nonnull a, ctorch_tensor_t _Nonnull b);
ctorch_tensor_t _Nullable ctorch_binary_scalar(
    ctorch_binary_op op, ctorch_tensor_t _Nonnull tensor, ctorch_scalar value);
/// The same, with the result written over `tensor`, whose dtype stays.
bool ctorch_binary_in_place(ctorch_binary_op op, ctorch_tensor_t _Nonnull tensor, ctorch_tensor_t _Nonnull other);
bool ctorch_binary_scalar_in_place(ctorch_binary_op op, ctorch_tensor_t _Nonnull tensor, ctorch_scalar value);
bool ctorch_unary_in_place(ctorch_unary_op op, ctorch_tensor_t _Nonnull tensor);
ctorch_tensor_t _Nullable ctorch_clamp(ctorch_tensor_t _Nonnull tensor, double low, double high);

typedef enum {
    ctorch_sum,
    ctorch_mean,
    ctorch_amax,
    ctorch_amin,
    ctorch_argmax,
    ctorch_logsumexp,
    ctorch_softmax,
    ctorch_log_softmax,
    ctorch_any,
    ctorch_all,
    ctorch_cumsum
} ctorch_along_op;
/// Reduces (or, for the softmaxes and cumsum, maps) along one dimension.
ctorch_tensor_t _Nullable ctorch_along(
    ctorch_along_op op, ctorch_tensor_t _Nonnull tensor, int32_t dimension, bool keep_dimension);
ctorch_tensor_t _Nullable ctorch_sum_all(ctorch_tensor_t _Nonnull tensor);
/// Values (sorted along the dimension); `indices` receives a new int64 handle when not NULL.
ctorch_tensor_t _Nullable ctorch_sort(
    ctorch_tensor_t _Nonnull tensor, int32_t dimension, bool descending, ctorch_tensor_t _Nullable* _Nullable indices);
ctorch_tensor_t _Nullable ctorch_topk(
    ctorch_tensor_t _Nonnull tensor, int64_t count, int32_t dimension, ctorch_tensor_t _Nullable* _Nullable indices);
bool ctorch_equal(ctorch_tensor_t _Nonnull a, ctorch_tensor_t _Nonnull b, bool* _Nonnull result);

// MARK: Layers

ctorch_tensor_t _Nullable ctorch_matmul(ctorch_tensor_t _Nonnull a, ctorch_tensor_t _Nonnull b);
ctorch_tensor_t _Nullable ctorch_linear(
    ctorch_tensor_t _Nonnull input, ctorch_tensor_t _Nonnull weight, ctorch_tensor_t _Nullable bias);
ctorch_tensor_t _Nullable ctorch_embedding(ctorch_tensor_t _Nonnull weight, ctorch_tensor_t _Nonnull indices);
ctorch_tensor_t _Nullable ctorch_attention(
    ctorch_tensor_t _Nonnull query, ctorch_tensor_t _Nonnull key, ctorch_tensor_t _Nonnull value,
    ctorch_tensor_t _Nullable bias);
ctorch_tensor_t _Nullable ctorch_conv2d(
    ctorch_tensor_t _Nonnull input, ctorch_tensor_t _Nonnull weight, ctorch_tensor_t _Nullable bias, int64_t stride,
    int64_t padding);
ctorch_tensor_t _Nullable ctorch_group_norm(
    ctorch_tensor_t _Nonnull input, int64_t groups, ctorch_tensor_t _Nullable weight, ctorch_tensor_t _Nullable bias,
    double epsilon);
/// Over the last dimensions, those of `weight`.
ctorch_tensor_t _Nullable ctorch_layer_norm(
    ctorch_tensor_t _Nonnull input, ctorch_tensor_t _Nonnull weight, ctorch_tensor_t _Nullable bias, double epsilon);
ctorch_tensor_t _Nullable ctorch_upsample_nearest(ctorch_tensor_t _Nonnull input, int64_t height, int64_t width);

// MARK: Gradients

/// Opens a scope on this thread in which operations are recorded, or not; closed on the same thread.
void* _Nullable ctorch_gradient_mode_begin(bool records);
void ctorch_gradient_mode_end(void* _Nonnull scope);
bool ctorch_require_gradient(ctorch_tensor_t _Nonnull tensor, bool required);
bool ctorch_requires_gradient(ctorch_tensor_t _Nonnull tensor);
ctorch_tensor_t _Nullable ctorch_detach(ctorch_tensor_t _Nonnull tensor);
/// Adds the gradient of a scalar to every leaf that it depends on.
bool ctorch_backward(ctorch_tensor_t _Nonnull loss);
/// The gradient of a leaf, or NULL where it has none.
bool ctorch_gradient(ctorch_tensor_t _Nonnull tensor, ctorch_tensor_t _Nullable* _Nonnull gradient);
/// Replaces the gradient of a leaf; NULL takes it away.
bool ctorch_set_gradient(ctorch_tensor_t _Nonnull tensor, ctorch_tensor_t _Nullable gradient);
/// Σ weightᵢ·CEᵢ of `hidden` [M, D] · `head`ᵀ [V, D] against `targets` [M] (int64); `losses` receives each CE [M].
ctorch_tensor_t _Nullable ctorch_linear_cross_entropy(
    ctorch_tensor_t _Nonnull hidden, ctorch_tensor_t _Nonnull head, ctorch_tensor_t _Nonnull targets,
    ctorch_tensor_t _Nonnull weights, int64_t chunk, ctorch_tensor_t _Nullable* _Nonnull losses);
/// log p(target) of `hidden` [M, D] · `head`ᵀ [V, D] for each of `targets` [M] (int64): [M], float32.
ctorch_tensor_t _Nullable ctorch_linear_log_probability(
    ctorch_tensor_t _Nonnull hidden, ctorch_tensor_t _Nonnull head, ctorch_tensor_t _Nonnull targets, int64_t chunk);
/// `run(context, input)`, which is run once more in the backward pass instead of keeping what it computed.
///
/// `run` takes over the input's handle and gives a new one, or NULL after it has kept an error with
/// `ctorch_keep_error`. `release(context)` is called when it will not be run again.
ctorch_tensor_t _Nullable ctorch_checkpointed(
    ctorch_tensor_t _Nonnull input,
    ctorch_tensor_t _Nullable (*_Nonnull run)(void* _Nullable, ctorch_tensor_t _Nonnull), void* _Nullable context,
    void (*_Nonnull release)(void* _Nullable));
/// Sets what `ctorch_last_error` says on this thread.
void ctorch_keep_error(const char* _Nonnull message);
/// The sum of the squares of all elements.
bool ctorch_squared_norms(const ctorch_tensor_t _Nonnull* _Nonnull tensors, int32_t count, double* _Nonnull total);
/// One step of AdamW on each parameter, whose gradients are divided by `gradient_divisor` (in place) first.
bool ctorch_adamw(
    const ctorch_tensor_t _Nonnull* _Nonnull parameters, const ctorch_tensor_t _Nonnull* _Nonnull gradients,
    const ctorch_tensor_t _Nonnull* _Nonnull first_moments, const ctorch_tensor_t _Nonnull* _Nonnull second_moments,
    const ctorch_tensor_t _Nonnull* _Nonnull steps, int32_t count, double learning_rate, double beta1, double beta2,
    double weight_decay, double epsilon, double gradient_divisor);
/// One step of Muon on each matrix: `momenta` take in the gradients, and each parameter moves along its orthogonalised
/// momentum with Nesterov's correction.
bool ctorch_muon(
    const ctorch_tensor_t _Nonnull* _Nonnull parameters, const ctorch_tensor_t _Nonnull* _Nonnull gradients,
    const ctorch_tensor_t _Nonnull* _Nonnull momenta, int32_t count, double learning_rate, double momentum,
    double weight_decay);
/// target += weight · (source − target).
bool ctorch_interpolate(
    const ctorch_tensor_t _Nonnull* _Nonnull targets, const ctorch_tensor_t _Nonnull* _Nonnull sources, int32_t count,
    double weight);

// MARK: Random numbers

ctorch_generator_t _Nullable ctorch_generator_new(uint64_t seed, ctorch_device device);
void ctorch_generator_free(ctorch_generator_t _Nonnull generator);
/// The generator's state as a uint8 tensor, and back.
ctorch_tensor_t _Nullable ctorch_generator_state(ctorch_generator_t _Nonnull generator);
bool ctorch_generator_set_state(ctorch_generator_t _Nonnull generator, ctorch_tensor_t _Nonnull state);
/// Passes over `count` 32-bit draws of a CPU generator, as if they had been made.
bool ctorch_generator_skip(ctorch_generator_t _Nonnull generator, uint64_t count);

typedef enum { ctorch_uniform, ctorch_exponential } ctorch_distribution;

/// Some rows of a tensor `[total_rows, columns]` that a CPU generator would fill in order: `[count, columns]`.
///
/// `rows` ascends. The numbers of the other rows are passed over, the generator ends where filling everything would
/// leave it, and the work is shared among threads, each with a generator put to its place. `draws` is how many 32-bit
/// draws an element takes.
ctorch_tensor_t _Nullable ctorch_draw_rows(
    ctorch_generator_t _Nonnull generator, ctorch_distribution distribution, ctorch_dtype dtype, int32_t draws,
    int64_t total_rows, int64_t columns, const int64_t* _Nullable rows, int64_t count);

bool ctorch_fill_uniform(
    ctorch_tensor_t _Nonnull tensor, double low, double high, ctorch_generator_t _Nonnull generator);
bool ctorch_fill_normal(
    ctorch_tensor_t _Nonnull tensor, double mean, double deviation, ctorch_generator_t _Nonnull generator);
bool ctorch_fill_exponential(ctorch_tensor_t _Nonnull tensor, double rate, ctorch_generator_t _Nonnull generator);
/// Whole numbers in `low ..< high`.
bool ctorch_fill_integers(
    ctorch_tensor_t _Nonnull tensor, int64_t low, int64_t high, ctorch_generator_t _Nonnull generator);
ctorch_tensor_t _Nullable ctorch_multinomial(
    ctorch_tensor_t _Nonnull probabilities, int64_t count, ctorch_generator_t _Nonnull generator);
ctorch_tensor_t _Nullable ctorch_permutation(int64_t count, ctorch_generator_t _Nonnull generator);

#ifdef __cplusplus
}
#endif
