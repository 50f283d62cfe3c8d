// Elementwise arithmetic, reductions, sorting and the layers.
#include "support.h"

#include <ATen/ATen.h>

using ctorch::action;
using ctorch::tensor;

namespace {

at::Tensor unary(ctorch_unary_op op, const at::Tensor& x) {
    switch (op) {
    case ctorch_neg:
        return at::neg(x);
    case ctorch_exp:
        return at::exp(x);
    case ctorch_log:
        return at::log(x);
    case ctorch_sqrt:
        return at::sqrt(x);
    case ctorch_rsqrt:
        return at::rsqrt(x);
    case ctorch_reciprocal:
        return at::reciprocal(x);
    case ctorch_abs:
        return at::abs(x);
    case ctorch_floor:
        return at::floor(x);
    case ctorch_sin:
        return at::sin(x);
    case ctorch_cos:
        return at::cos(x);
    case ctorch_sigmoid:
        return at::sigmoid(x);
    case ctorch_silu:
        return at::silu(x);
    case ctorch_logical_not:
        return at::logical_not(x);
    case ctorch_isfinite:
        return at::isfinite(x);
    case ctorch_tanh:
        return at::tanh(x);
    case ctorch_gelu:
        return at::gelu(x);
    }
    TORCH_CHECK(false, "unknown unary operation ", static_cast<int>(op));
}

/// `Other` is a tensor or a scalar; libtorch has the same names for both.
template <class Other> at::Tensor binary(ctorch_binary_op op, const at::Tensor& a, const Other& b) {
    switch (op) {
    case ctorch_add:
        return at::add(a, b);
    case ctorch_sub:
        return at::sub(a, b);
    case ctorch_mul:
        return at::mul(a, b);
    case ctorch_div:
        return at::div(a, b);
    case ctorch_pow:
        return at::pow(a, b);
    case ctorch_eq:
        return at::eq(a, b);
    case ctorch_ne:
        return at::ne(a, b);
    case ctorch_lt:
        return at::lt(a, b);
    case ctorch_le:
        return at::le(a, b);
    case ctorch_gt:
        return at::gt(a, b);
    case ctorch_ge:
        return at::ge(a, b);
    default:
        break;
    }
    if constexpr (std::is_same_v<Other, at::Tensor>) {
        switch (op) {
        case ctorch_maximum:
            return at::maximum(a, b);
        case ctorch_minimum:
            return at::minimum(a, b);
        case ctorch_and:
            return at::logical_and(a, b);
        case ctorch_or:
            return at::logical_or(a, b);
        default:
            break;
        }
    } else {
        if (op == ctorch_maximum) {
            return at::clamp_min(a, b);
        }
        if (op == ctorch_minimum) {
            return at::clamp_max(a, b);
        }
    }
    TORCH_CHECK(false, "no such operation for these operands: ", static_cast<int>(op));
}

template <class Other> void binary_in_place(ctorch_binary_op op, at::Tensor& a, const Other& b) {
    switch (op) {
    case ctorch_add:
        a.add_(b);
        return;
    case ctorch_sub:
        a.sub_(b);
        return;
    case ctorch_mul:
        a.mul_(b);
        return;
    case ctorch_div:
        a.div_(b);
        return;
    case ctorch_pow:
        a.pow_(b);
        return;
    default:
        TORCH_CHECK(false, "no in-place form of operation ", static_cast<int>(op));
    }
}

at::Tensor along(ctorch_along_op op, const at::Tensor& x, int64_t dimension, bool keep) {
    switch (op) {
    case ctorch_sum:
        return at::sum(x, at::IntArrayRef{dimension}, keep);
    case ctorch_mean:
        return at::mean(x, at::IntArrayRef{dimension}, keep);
    case ctorch_amax:
        return at::amax(x, at::IntArrayRef{dimension}, keep);
    case ctorch_amin:
        return at::amin(x, at::IntArrayRef{dimension}, keep);
    case ctorch_argmax:
        return at::argmax(x, dimension, keep);
    case ctorch_logsumexp:
        return at::logsumexp(x, at::IntArrayRef{dimension}, keep);
    case ctorch_softmax:
        return at::softmax(x, dimension);
    case ctorch_log_softmax:
        return at::log_softmax(x, dimension);
    case ctorch_any:
        return at::any(x, dimension, keep);
    case ctorch_all:
        return at::all(x, dimension, keep);
    case ctorch_cumsum:
        return at::cumsum(x, dimension);
    }
    TORCH_CHECK(false, "unknown reduction ", static_cast<int>(op));
}

std::optional<at::Tensor> optional(ctorch_tensor_t tensor) {
    return tensor == nullptr ? std::nullopt : std::make_optional(tensor->value);
}

}  // namespace

ctorch_tensor_t ctorch_unary(ctorch_unary_op op, ctorch_tensor_t input) {
    return tensor([&] { return unary(op, input->value); });
}

ctorch_tensor_t ctorch_binary(ctorch_binary_op op, ctorch_tensor_t a, ctorch_tensor_t b) {
    return tensor([&] { return binary(op, a->value, b->value); });
}

ctorch_tensor_t ctorch_binary_scalar(ctorch_binary_op op, ctorch_tensor_t input, ctorch_scalar value) {
    return tensor([&] { return binary(op, input->value, ctorch::scalar(value)); });
}

bool ctorch_binary_in_place(ctorch_binary_op op, ctorch_tensor_t input, ctorch_tensor_t other) {
    return action([&] { binary_in_place(op, input->value, other->value); });
}

bool ctorch_binary_scalar_in_place(ctorch_binary_op op, ctorch_tensor_t input, ctorch_scalar value) {
    return action([&] { binary_in_place(op, input->value, ctorch::scalar(value)); });
}

bool ctorch_unary_in_place(ctorch_unary_op op, ctorch_tensor_t input) {
    return action([&] {
        switch (op) {
        case ctorch_neg:
            input->value.neg_();
            return;
        case ctorch_exp:
            input->value.exp_();
            return;
        case ctorch_log:
            input->value.log_();
            return;
        case ctorch_silu:
            at::silu_(input->value);
            return;
        default:
            TORCH_CHECK(false, "no in-place form of operation ", static_cast<int>(op));
        }
    });
}

ctorch_tensor_t ctorch_clamp(ctorch_tensor_t input, double low, double high) {
    return tensor([&] { return at::clamp(input->value, at::Scalar(low), at::Scalar(high)); });
}

ctorch_tensor_t ctorch_along(ctorch_along_op op, ctorch_tensor_t input, int32_t dimension, bool keep_dimension) {
    return tensor([&] { return along(op, input->value, dimension, keep_dimension); });
}

ctorch_tensor_t ctorch_sum_all(ctorch_tensor_t input) {
    return tensor([&] { return at::sum(input->value); });
}

ctorch_tensor_t ctorch_sort(ctorch_tensor_t input, int32_t dimension, bool descending, ctorch_tensor_t* indices) {
    return tensor([&] {
        auto [values, order] = at::sort(input->value, dimension, descending);
        if (indices != nullptr) {
            *indices = ctorch::wrap(order);
        }
        return values;
    });
}

ctorch_tensor_t ctorch_topk(ctorch_tensor_t input, int64_t count, int32_t dimension, ctorch_tensor_t* indices) {
    return tensor([&] {
        auto [values, order] = at::topk(input->value, count, dimension);
        if (indices != nullptr) {
            *indices = ctorch::wrap(order);
        }
        return values;
    });
}

bool ctorch_equal(ctorch_tensor_t a, ctorch_tensor_t b, bool* result) {
    return action([&] { *result = at::equal(a->value, b->value); });
}

ctorch_tensor_t ctorch_matmul(ctorch_tensor_t a, ctorch_tensor_t b) {
    return tensor([&] { return at::matmul(a->value, b->value); });
}

ctorch_tensor_t ctorch_linear(ctorch_tensor_t input, ctorch_tensor_t weight, ctorch_tensor_t bias) {
    return tensor([&] { return at::linear(input->value, weight->value, optional(bias)); });
}

ctorch_tensor_t ctorch_embedding(ctorch_tensor_t weight, ctorch_tensor_t indices) {
    return tensor([&] { return at::embedding(weight->value, indices->value); });
}

ctorch_tensor_t
ctorch_attention(ctorch_tensor_t query, ctorch_tensor_t key, ctorch_tensor_t value, ctorch_tensor_t bias) {
    return tensor(
        [&] { return at::scaled_dot_product_attention(query->value, key->value, value->value, optional(bias)); });
}

ctorch_tensor_t
ctorch_conv2d(ctorch_tensor_t input, ctorch_tensor_t weight, ctorch_tensor_t bias, int64_t stride, int64_t padding) {
    return tensor([&] {
        return at::conv2d(
            input->value, weight->value, optional(bias), at::IntArrayRef{stride, stride},
            at::IntArrayRef{padding, padding});
    });
}

ctorch_tensor_t
ctorch_group_norm(ctorch_tensor_t input, int64_t groups, ctorch_tensor_t weight, ctorch_tensor_t bias, double epsilon) {
    return tensor([&] { return at::group_norm(input->value, groups, optional(weight), optional(bias), epsilon); });
}

ctorch_tensor_t ctorch_layer_norm(ctorch_tensor_t input, ctorch_tensor_t weight, ctorch_tensor_t bias, double epsilon) {
    return tensor(
        [&] { return at::layer_norm(input->value, weight->value.sizes(), weight->value, optional(bias), epsilon); });
}

ctorch_tensor_t ctorch_upsample_nearest(ctorch_tensor_t input, int64_t height, int64_t width) {
    return tensor([&] { return at::upsample_nearest2d(input->value, at::IntArrayRef{height, width}); });
}
