// Random numbers: libtorch's own generators, so that a seed means here what it means in PyTorch.
#include "support.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <array>
#include <mutex>

using ctorch::action;
using ctorch::tensor;

namespace {

constexpr size_t kWords = at::MERSENNE_STATE_N;
constexpr size_t kMiddle = at::MERSENNE_STATE_M;

uint32_t twisted(uint32_t here, uint32_t next) {
    uint32_t mixed = (here & 0x80000000u) | (next & 0x7fffffffu);
    return (mixed >> 1) ^ ((next & 1u) != 0 ? 0x9908b0dfu : 0u);
}

/// The next 624 words of the Mersenne Twister (Matsumoto and Nishimura 1998), without tempering any.
/// In three loops none of which reads what it has just written, so that the compiler can vectorise them.
void advance(std::array<uint32_t, kWords>& state) {
    auto* s = state.data();
    for (size_t i = 0; i < kWords - kMiddle; ++i) {
        s[i] = s[i + kMiddle] ^ twisted(s[i], s[i + 1]);
    }
    // Writing word i needs word i - 227 of the new state: go in strides that stay behind it.
    constexpr size_t kStride = kWords - kMiddle;
    for (size_t from = kStride; from < kWords - 1; from += kStride) {
        const size_t to = std::min(from + kStride, kWords - 1);
        for (size_t i = from; i < to; ++i) {
            s[i] = s[i - kStride] ^ twisted(s[i], s[i + 1]);
        }
    }
    s[kWords - 1] = s[kMiddle - 1] ^ twisted(s[kWords - 1], s[0]);
}

/// Passes over `count` 32-bit draws.
void skip(at::Generator& generator, uint64_t count) {
    auto* cpu = at::check_generator<at::CPUGeneratorImpl>(generator);
    auto data = cpu->engine().data();
    // `left_` counts the words of the present state that are still to come, with one too many: the engine decrements
    // before it looks, and renews the state when the count reaches zero.
    uint64_t remaining = count;
    uint64_t here = data.left_ > 0 ? static_cast<uint64_t>(data.left_) - 1 : 0;
    if (remaining <= here) {
        data.left_ -= static_cast<int>(remaining);
        data.next_ += static_cast<uint32_t>(remaining);
    } else {
        remaining -= here;
        uint64_t states = (remaining + kWords - 1) / kWords;
        for (uint64_t i = 0; i < states; ++i) {
            advance(data.state_);
        }
        uint64_t used = remaining - (states - 1) * kWords;  // of the newest state, 1 to 624
        data.left_ = static_cast<int>(kWords - used + 1);
        data.next_ = static_cast<uint32_t>(used);
    }
    at::mt19937 engine;
    engine.set_data(data);
    cpu->set_engine(engine);
}

}  // namespace

ctorch_generator_t ctorch_generator_new(uint64_t seed, ctorch_device device) {
    return ctorch::guarded<ctorch_generator_t>(nullptr, [&] {
        auto target = ctorch::device(device);
        auto generator =
            target.is_cpu()
                ? at::detail::createCPUGenerator(seed)
                : at::globalContext().getAcceleratorHooksInterface(target.type()).getNewGenerator(target.index());
        if (!target.is_cpu()) {
            generator.set_current_seed(seed);
        }
        return new ctorch_generator{generator};
    });
}

void ctorch_generator_free(ctorch_generator_t generator) {
    delete generator;
}

ctorch_tensor_t ctorch_generator_state(ctorch_generator_t generator) {
    return tensor([&] {
        std::lock_guard<std::mutex> lock(generator->value.mutex());
        return generator->value.get_state();
    });
}

bool ctorch_generator_set_state(ctorch_generator_t generator, ctorch_tensor_t state) {
    return action([&] {
        std::lock_guard<std::mutex> lock(generator->value.mutex());
        generator->value.set_state(state->value);
    });
}

bool ctorch_generator_skip(ctorch_generator_t generator, uint64_t count) {
    return action([&] {
        std::lock_guard<std::mutex> lock(generator->value.mutex());
        skip(generator->value, count);
    });
}

ctorch_tensor_t ctorch_draw_rows(
    ctorch_generator_t generator, ctorch_distribution distribution, ctorch_dtype dtype, int32_t draws,
    int64_t total_rows, int64_t columns, const int64_t* rows, int64_t count) {
    return tensor([&] {
        auto result = at::empty({count, columns}, at::TensorOptions().dtype(ctorch::scalar_type(dtype)));
        const uint64_t per_row = static_cast<uint64_t>(columns) * static_cast<uint64_t>(draws);
        std::lock_guard<std::mutex> lock(generator->value.mutex());
        at::parallel_for(
            0, count, std::max<int64_t>(1, 32768 / std::max<int64_t>(1, columns)), [&](int64_t begin, int64_t end) {
                c10::InferenceMode inference;
                auto mine = generator->value.clone();
                uint64_t at = 0;
                for (int64_t i = begin; i < end; ++i) {
                    const uint64_t place = static_cast<uint64_t>(rows[i]) * per_row;
                    skip(mine, place - at);
                    auto row = result.select(0, i);
                    if (distribution == ctorch_uniform) {
                        row.uniform_(0, 1, mine);
                    } else {
                        row.exponential_(1, mine);
                    }
                    at = place + per_row;
                }
            });
        skip(generator->value, static_cast<uint64_t>(total_rows) * per_row);
        return result;
    });
}

bool ctorch_fill_uniform(ctorch_tensor_t input, double low, double high, ctorch_generator_t generator) {
    return action([&] { input->value.uniform_(low, high, generator->value); });
}

bool ctorch_fill_normal(ctorch_tensor_t input, double mean, double deviation, ctorch_generator_t generator) {
    return action([&] { input->value.normal_(mean, deviation, generator->value); });
}

bool ctorch_fill_exponential(ctorch_tensor_t input, double rate, ctorch_generator_t generator) {
    return action([&] { input->value.exponential_(rate, generator->value); });
}

bool ctorch_fill_integers(ctorch_tensor_t input, int64_t low, int64_t high, ctorch_generator_t generator) {
    return action([&] { input->value.random_(low, high, generator->value); });
}

ctorch_tensor_t ctorch_multinomial(ctorch_tensor_t probabilities, int64_t count, ctorch_generator_t generator) {
    return tensor([&] { return at::multinomial(probabilities->value, count, false, generator->value); });
}

ctorch_tensor_t ctorch_permutation(int64_t count, ctorch_generator_t generator) {
    return tensor([&] { return at::randperm(count, generator->value, at::TensorOptions().dtype(at::kLong)); });
}
