// Life, shape and movement of tensors.
#include "support.h"

#include <ATen/ATen.h>

using ctorch::action;
using ctorch::tensor;

ctorch_tensor_t ctorch_tensor_retain(ctorch_tensor_t input) {
    return tensor([&] { return input->value; });
}

void ctorch_tensor_free(ctorch_tensor_t tensor) {
    delete tensor;
}

int32_t ctorch_rank(ctorch_tensor_t tensor) {
    return static_cast<int32_t>(tensor->value.dim());
}

int64_t ctorch_size(ctorch_tensor_t tensor, int32_t dimension) {
    return tensor->value.sizes()[static_cast<size_t>(dimension)];
}

ctorch_dtype ctorch_tensor_dtype(ctorch_tensor_t tensor) {
    switch (tensor->value.scalar_type()) {
    case at::kBFloat16:
        return ctorch_bfloat16;
    case at::kHalf:
        return ctorch_float16;
    case at::kDouble:
        return ctorch_float64;
    case at::kLong:
        return ctorch_int64;
    case at::kInt:
        return ctorch_int32;
    case at::kShort:
        return ctorch_int16;
    case at::kChar:
        return ctorch_int8;
    case at::kByte:
        return ctorch_uint8;
    case at::kBool:
        return ctorch_bool;
    default:
        return ctorch_float32;  // the shim makes no tensor of any other kind
    }
}

ctorch_device ctorch_tensor_device(ctorch_tensor_t tensor) {
    auto device = tensor->value.device();
    auto kind = device.is_cuda() ? ctorch_cuda : device.is_mps() ? ctorch_mps : ctorch_cpu;
    return {kind, device.has_index() ? device.index() : 0};
}

bool ctorch_is_contiguous(ctorch_tensor_t tensor) {
    return tensor->value.is_contiguous();
}

void* ctorch_data(ctorch_tensor_t tensor) {
    return tensor->value.device().is_cpu() ? tensor->value.data_ptr() : nullptr;
}

ctorch_tensor_t ctorch_alias(
    void* data, const int64_t* shape, const int64_t* strides, int32_t rank, ctorch_dtype dtype, void* context,
    void (*release)(void*)) {
    bool adopted = false;
    auto result = tensor([&] {
        auto deleter = [context, release](void*) { release(context); };
        auto options = at::TensorOptions().dtype(ctorch::scalar_type(dtype));
        auto sizes = ctorch::shape(shape, rank);
        auto made = strides == nullptr ? at::from_blob(data, sizes, deleter, options)
                                       : at::from_blob(data, sizes, ctorch::shape(strides, rank), deleter, options);
        adopted = true;
        return made;
    });
    // from_blob calls the deleter itself only once it owns the memory; what throws before that would leak the owner.
    if (result == nullptr && !adopted) {
        release(context);
    }
    return result;
}

ctorch_tensor_t ctorch_empty(const int64_t* shape, int32_t rank, ctorch_dtype dtype, ctorch_device device) {
    return tensor([&] {
        return at::empty(
            ctorch::shape(shape, rank),
            at::TensorOptions().dtype(ctorch::scalar_type(dtype)).device(ctorch::device(device)));
    });
}

ctorch_tensor_t
ctorch_full(const int64_t* shape, int32_t rank, ctorch_scalar value, ctorch_dtype dtype, ctorch_device device) {
    return tensor([&] {
        return at::full(
            ctorch::shape(shape, rank), ctorch::scalar(value),
            at::TensorOptions().dtype(ctorch::scalar_type(dtype)).device(ctorch::device(device)));
    });
}

ctorch_tensor_t
ctorch_arange(ctorch_scalar start, ctorch_scalar end, ctorch_scalar step, ctorch_dtype dtype, ctorch_device device) {
    return tensor([&] {
        return at::arange(
            ctorch::scalar(start), ctorch::scalar(end), ctorch::scalar(step),
            at::TensorOptions().dtype(ctorch::scalar_type(dtype)).device(ctorch::device(device)));
    });
}

ctorch_tensor_t ctorch_to(ctorch_tensor_t input, ctorch_dtype dtype, ctorch_device device, bool copy) {
    return tensor([&] {
        return input->value.to(ctorch::device(device), ctorch::scalar_type(dtype), /*non_blocking=*/false, copy);
    });
}

ctorch_tensor_t ctorch_contiguous(ctorch_tensor_t input) {
    return tensor([&] { return input->value.contiguous(); });
}

ctorch_tensor_t ctorch_reshape(ctorch_tensor_t input, const int64_t* shape, int32_t rank) {
    return tensor([&] { return input->value.reshape(ctorch::shape(shape, rank)); });
}

ctorch_tensor_t ctorch_expand(ctorch_tensor_t input, const int64_t* shape, int32_t rank) {
    return tensor([&] { return input->value.expand(ctorch::shape(shape, rank)); });
}

ctorch_tensor_t ctorch_permute(ctorch_tensor_t input, const int64_t* order, int32_t rank) {
    return tensor([&] { return input->value.permute(ctorch::shape(order, rank)); });
}

ctorch_tensor_t ctorch_transpose(ctorch_tensor_t input, int32_t first, int32_t second) {
    return tensor([&] { return input->value.transpose(first, second); });
}

ctorch_tensor_t ctorch_slice(ctorch_tensor_t input, int32_t dimension, int64_t start, int64_t end, int64_t step) {
    return tensor([&] { return input->value.slice(dimension, start, end, step); });
}

ctorch_tensor_t ctorch_select(ctorch_tensor_t input, int32_t dimension, int64_t index) {
    return tensor([&] { return input->value.select(dimension, index); });
}

ctorch_tensor_t ctorch_unsqueeze(ctorch_tensor_t input, int32_t dimension) {
    return tensor([&] { return input->value.unsqueeze(dimension); });
}

ctorch_tensor_t ctorch_squeeze(ctorch_tensor_t input, int32_t dimension) {
    return tensor([&] { return input->value.squeeze(dimension); });
}

static std::vector<at::Tensor> list(const ctorch_tensor_t* tensors, int32_t count) {
    std::vector<at::Tensor> result;
    result.reserve(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; ++i) {
        result.push_back(tensors[i]->value);
    }
    return result;
}

ctorch_tensor_t ctorch_cat(const ctorch_tensor_t* tensors, int32_t count, int32_t dimension) {
    return tensor([&] { return at::cat(list(tensors, count), dimension); });
}

ctorch_tensor_t ctorch_stack(const ctorch_tensor_t* tensors, int32_t count, int32_t dimension) {
    return tensor([&] { return at::stack(list(tensors, count), dimension); });
}

ctorch_tensor_t ctorch_pad(ctorch_tensor_t input, const int64_t* amounts, int32_t count, double value) {
    return tensor([&] { return at::constant_pad_nd(input->value, ctorch::shape(amounts, count), value); });
}

ctorch_tensor_t ctorch_index_select(ctorch_tensor_t input, int32_t dimension, ctorch_tensor_t indices) {
    return tensor([&] { return at::index_select(input->value, dimension, indices->value); });
}

ctorch_tensor_t ctorch_gather(ctorch_tensor_t input, int32_t dimension, ctorch_tensor_t indices) {
    return tensor([&] { return at::gather(input->value, dimension, indices->value); });
}

ctorch_tensor_t
ctorch_index_copy(ctorch_tensor_t input, int32_t dimension, ctorch_tensor_t indices, ctorch_tensor_t source) {
    return tensor([&] { return at::index_copy(input->value, dimension, indices->value, source->value); });
}

ctorch_tensor_t ctorch_where(ctorch_tensor_t condition, ctorch_tensor_t a, ctorch_tensor_t b) {
    return tensor([&] { return at::where(condition->value, a->value, b->value); });
}

ctorch_tensor_t ctorch_masked_fill(ctorch_tensor_t input, ctorch_tensor_t mask, ctorch_scalar value) {
    return tensor([&] { return at::masked_fill(input->value, mask->value, ctorch::scalar(value)); });
}

bool ctorch_copy_in_place(ctorch_tensor_t target, ctorch_tensor_t source) {
    return action([&] { target->value.copy_(source->value); });
}
