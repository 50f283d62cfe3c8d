// What every file of the shim shares: handles, the error slot, and the guard that stops exceptions.
#pragma once

#include "ctorch.h"

#include <ATen/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <string>

struct ctorch_tensor {
    at::Tensor value;
};
struct ctorch_generator {
    at::Generator value;
};

namespace ctorch {

/// Keeps `message` for `ctorch_last_error()`, on this thread.
void set_error(const char* message) noexcept;

inline ctorch_tensor_t wrap(at::Tensor tensor) {
    return new ctorch_tensor{std::move(tensor)};
}

at::ScalarType scalar_type(ctorch_dtype dtype);
c10::Device device(ctorch_device device);
at::Scalar scalar(ctorch_scalar value);

inline at::IntArrayRef shape(const int64_t* sizes, int32_t rank) {
    return at::IntArrayRef(sizes, static_cast<size_t>(rank));
}

/// Runs `body`; whatever it throws is kept as the thread's error and `failed` is returned.
template <class Result, class Body> Result guarded(Result failed, Body&& body) noexcept {
    try {
        return body();
    } catch (const c10::Error& error) {
        set_error(error.what_without_backtrace());
    } catch (const std::exception& error) {
        set_error(error.what());
    } catch (...) {
        set_error("unknown C++ exception");
    }
    return failed;
}

/// The same for a body that makes a tensor.
template <class Body> ctorch_tensor_t tensor(Body&& body) noexcept {
    return guarded<ctorch_tensor_t>(nullptr, [&] { return wrap(body()); });
}

/// The same for a body that does something in place.
template <class Body> bool action(Body&& body) noexcept {
    return guarded(false, [&] {
        body();
        return true;
    });
}

}  // namespace ctorch
