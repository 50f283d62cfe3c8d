// Errors, threads, devices and per-thread modes.
#include "support.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/detail/MPSHooksInterface.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <dlfcn.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace ctorch {

namespace {
thread_local std::string last_error;
}

void set_error(const char* message) noexcept {
    try {
        last_error = message;
    } catch (...) {
        last_error.clear();
    }
}

at::ScalarType scalar_type(ctorch_dtype dtype) {
    switch (dtype) {
    case ctorch_float32:
        return at::kFloat;
    case ctorch_bfloat16:
        return at::kBFloat16;
    case ctorch_float16:
        return at::kHalf;
    case ctorch_float64:
        return at::kDouble;
    case ctorch_int64:
        return at::kLong;
    case ctorch_int32:
        return at::kInt;
    case ctorch_int16:
        return at::kShort;
    case ctorch_int8:
        return at::kChar;
    case ctorch_uint8:
        return at::kByte;
    case ctorch_bool:
        return at::kBool;
    }
    TORCH_CHECK(false, "unknown dtype ", static_cast<int>(dtype));
}

c10::Device device(ctorch_device device) {
    switch (device.kind) {
    case ctorch_cpu:
        return c10::Device(c10::kCPU);
    case ctorch_cuda:
        return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(device.index));
    case ctorch_mps:
        return c10::Device(c10::kMPS, static_cast<c10::DeviceIndex>(device.index));
    }
    TORCH_CHECK(false, "unknown device kind ", static_cast<int>(device.kind));
}

at::Scalar scalar(ctorch_scalar value) {
    return value.is_integer ? at::Scalar(value.integer) : at::Scalar(value.real);
}

}  // namespace ctorch

const char* ctorch_last_error(void) {
    return ctorch::last_error.c_str();
}

void ctorch_keep_error(const char* message) {
    ctorch::set_error(message);
}

const char* ctorch_version(void) {
    return TORCH_VERSION;
}

int32_t ctorch_thread_count(void) {
    return at::get_num_threads();
}

void ctorch_set_thread_count(int32_t count) {
    ctorch::action([&] { at::set_num_threads(count); });
}

bool ctorch_has_fast_bfloat16(void) {
#ifdef __x86_64__
    return __builtin_cpu_supports("avx512bf16") != 0;
#else
    return false;
#endif
}

void ctorch_keep_freed_memory(int64_t bytes) {
#ifdef __GLIBC__
    // One arena for all threads; blocks up to 32 MiB (the most that glibc allows) from it, not from fresh mappings.
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, static_cast<int>(std::min<int64_t>(bytes, INT32_MAX)));
#endif
}

bool ctorch_cuda_available(void) {
    // libtorch_cpu asks for the CUDA hooks once and keeps the answer, so the library is loaded before anyone asks.
    static const bool loaded = [] {
#ifdef __linux__
        std::string beside;
        Dl_info info;
        if (dladdr(reinterpret_cast<const void*>(&at::get_num_threads), &info) != 0 && info.dli_fname != nullptr) {
            beside = info.dli_fname;
            beside.resize(beside.rfind('/') + 1);
        }
        for (const char* name : {"libc10_cuda.so", "libtorch_cuda.so"}) {
            if (dlopen((beside + name).c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr &&
                dlopen(name, RTLD_NOW | RTLD_GLOBAL) == nullptr) {
                const char* reason = dlerror();
                ctorch::set_error(reason == nullptr ? "libtorch_cuda could not be loaded" : reason);
                return false;
            }
        }
        return true;
#else
        ctorch::set_error("CUDA is used on Linux only");
        return false;
#endif
    }();
    return loaded && ctorch::guarded(false, [] {
               if (at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0) {
                   at::globalContext().lazyInitDevice(c10::kCUDA);
                   return true;
               }
               ctorch::set_error("libtorch_cuda is loaded, but no CUDA device answers");
               return false;
           });
}

bool ctorch_mps_available(void) {
    return ctorch::guarded(false, [] { return at::hasMPS(); });
}

bool ctorch_synchronize(ctorch_device device) {
    if (device.kind == ctorch_cpu) {
        return true;
    }
    return ctorch::action([&] {
        auto target = ctorch::device(device);
        c10::impl::VirtualGuardImpl(target.type()).synchronizeDevice(target.index());
    });
}

void* ctorch_inference_begin(void) {
    return ctorch::guarded<void*>(nullptr, [] { return new c10::InferenceMode(true); });
}

void ctorch_inference_end(void* scope) {
    delete static_cast<c10::InferenceMode*>(scope);
}
