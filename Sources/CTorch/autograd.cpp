// Gradients: recording, the backward pass, and the functions whose gradient is written here.
#include "support.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <cmath>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>

using ctorch::action;
using ctorch::guarded;
using ctorch::tensor;

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Σ weight·CE of a linear head, chunk by chunk: the logits of one chunk are alive at a time, and their gradient is
/// taken while they are there, so that nothing is computed twice.
struct LinearCrossEntropy : torch::autograd::Function<LinearCrossEntropy> {
    static at::Tensor forward(
        AutogradContext* context, const at::Tensor& hidden, const at::Tensor& head, const at::Tensor& targets,
        const at::Tensor& weights, at::Tensor losses, int64_t chunk, bool wants_hidden, bool wants_head) {
        at::Tensor head_gradient = wants_head ? at::zeros_like(head, at::kFloat) : at::Tensor();
        at::Tensor hidden_gradient = wants_hidden ? at::empty_like(hidden) : at::Tensor();
        const at::Tensor typed = head.to(hidden.scalar_type());
        const int64_t rows = hidden.size(0);
        for (int64_t start = 0; start < rows; start += chunk) {
            const int64_t end = std::min(start + chunk, rows);
            at::Tensor x = hidden.slice(0, start, end);
            at::Tensor target = targets.slice(0, start, end).unsqueeze(1);
            at::Tensor weight = weights.slice(0, start, end).unsqueeze(1);
            at::Tensor logits = at::linear(x, typed).to(at::kFloat);
            at::Tensor chosen = logits.gather(1, target);
            // In place: the logits become exp(logits − max), then probabilities, then their gradient.
            at::Tensor highest = logits.amax(1, true);
            logits.sub_(highest).exp_();
            at::Tensor total = logits.sum(1, true);
            losses.slice(0, start, end).copy_((total.log() + highest - chosen).squeeze(1));
            if (!wants_hidden && !wants_head) {
                continue;
            }
            logits.mul_(weight / total);
            logits.scatter_add_(1, target, -weight);
            at::Tensor gradient = logits.to(hidden.scalar_type());
            if (wants_hidden) {
                hidden_gradient.slice(0, start, end).copy_(at::matmul(gradient, typed));
            }
            if (wants_head) {
                if (gradient.scalar_type() == at::kFloat) {
                    head_gradient.addmm_(gradient.t(), x);
                } else {
                    head_gradient.add_(at::mm(gradient.t(), x));
                }
            }
        }
        context->saved_data["hidden"] = hidden_gradient;
        context->saved_data["head"] = wants_head ? head_gradient.to(head.scalar_type()) : head_gradient;
        return (losses * weights).sum();
    }

    static variable_list backward(AutogradContext* context, variable_list outputs) {
        auto scaled = [&](const char* name) {
            at::Tensor gradient = context->saved_data[name].toTensor();
            return gradient.defined() ? gradient.mul_(outputs[0].to(gradient.scalar_type())) : gradient;
        };
        at::Tensor hidden = scaled("hidden");
        at::Tensor head = scaled("head");
        return {hidden, head, {}, {}, {}, {}, {}, {}};
    }
};

/// log p(target) of a linear head, chunk by chunk. The gradient is not known in the forward pass, so that the logits
/// are made once more in the backward pass; what is kept is one number a row.
struct LinearLogProbability : torch::autograd::Function<LinearLogProbability> {
    static at::Tensor forward(
        AutogradContext* context, const at::Tensor& hidden, const at::Tensor& head, const at::Tensor& targets,
        int64_t chunk) {
        const at::Tensor typed = head.to(hidden.scalar_type());
        const int64_t rows = hidden.size(0);
        at::Tensor chosen = at::empty({rows}, hidden.options().dtype(at::kFloat));
        at::Tensor normaliser = at::empty_like(chosen);
        for (int64_t start = 0; start < rows; start += chunk) {
            const int64_t end = std::min(start + chunk, rows);
            at::Tensor logits = at::linear(hidden.slice(0, start, end), typed).to(at::kFloat);
            chosen.slice(0, start, end).copy_(logits.gather(1, targets.slice(0, start, end).unsqueeze(1)).squeeze(1));
            normaliser.slice(0, start, end).copy_(at::logsumexp(logits, 1));
        }
        context->save_for_backward({hidden, head, targets, normaliser});
        context->saved_data["chunk"] = chunk;
        return chosen - normaliser;
    }

    static variable_list backward(AutogradContext* context, variable_list outputs) {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &hidden = saved[0], &head = saved[1], &targets = saved[2], &normaliser = saved[3];
        const int64_t chunk = context->saved_data["chunk"].toInt();
        const at::Tensor typed = head.to(hidden.scalar_type());
        const at::Tensor weights = outputs[0].to(at::kFloat);
        at::Tensor hidden_gradient = context->needs_input_grad(0) ? at::empty_like(hidden) : at::Tensor();
        at::Tensor head_gradient = context->needs_input_grad(1) ? at::zeros_like(head, at::kFloat) : at::Tensor();
        for (int64_t start = 0; start < hidden.size(0); start += chunk) {
            const int64_t end = std::min(start + chunk, hidden.size(0));
            at::Tensor x = hidden.slice(0, start, end);
            at::Tensor weight = weights.slice(0, start, end).unsqueeze(1);
            // In place: the logits become probabilities, then their gradient.
            at::Tensor logits = at::linear(x, typed).to(at::kFloat);
            logits.sub_(normaliser.slice(0, start, end).unsqueeze(1)).exp_().mul_(-weight);
            logits.scatter_add_(1, targets.slice(0, start, end).unsqueeze(1), weight);
            at::Tensor gradient = logits.to(hidden.scalar_type());
            if (hidden_gradient.defined()) {
                hidden_gradient.slice(0, start, end).copy_(at::matmul(gradient, typed));
            }
            if (head_gradient.defined()) {
                head_gradient.add_(at::mm(gradient.t(), x));
            }
        }
        if (head_gradient.defined()) {
            head_gradient = head_gradient.to(head.scalar_type());
        }
        return {hidden_gradient, head_gradient, {}, {}};
    }
};

/// A closure of the caller that is run again in the backward pass instead of keeping what it computed.
struct Recomputation {
    ctorch_tensor_t (*run)(void*, ctorch_tensor_t);
    void* context;
    void (*release)(void*);

    Recomputation(ctorch_tensor_t (*run)(void*, ctorch_tensor_t), void* context, void (*release)(void*))
        : run(run), context(context), release(release) {}
    Recomputation(const Recomputation&) = delete;
    Recomputation& operator=(const Recomputation&) = delete;
    ~Recomputation() { release(context); }

    at::Tensor operator()(const at::Tensor& input) const {
        ctorch_tensor_t made = run(context, ctorch::wrap(input));
        TORCH_CHECK(made != nullptr, ctorch_last_error());
        at::Tensor result = made->value;
        ctorch_tensor_free(made);
        return result;
    }
};

struct Checkpointed : torch::autograd::Function<Checkpointed> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& input, int64_t recomputation) {
        // Owned by the graph's node: freed with it, backward pass or not.
        auto* holder = reinterpret_cast<std::shared_ptr<Recomputation>*>(recomputation);
        context->save_for_backward({input});
        context->saved_data["recomputation"] = c10::IValue::make_capsule(c10::make_intrusive<Capsule>(*holder));
        at::AutoGradMode off(false);
        return (**holder)(input.detach());
    }

    static variable_list backward(AutogradContext* context, variable_list outputs) {
        auto capsule = context->saved_data["recomputation"].toCapsule();
        const auto& recomputation = *static_cast<Capsule*>(capsule.get())->recomputation;
        at::Tensor input = context->get_saved_variables()[0].detach().requires_grad_(true);
        at::AutoGradMode on(true);
        at::Tensor result = recomputation(input);
        torch::autograd::backward({result}, {outputs[0]});
        return {input.grad(), {}};
    }

    struct Capsule : torch::CustomClassHolder {
        explicit Capsule(std::shared_ptr<Recomputation> recomputation) : recomputation(std::move(recomputation)) {}
        std::shared_ptr<Recomputation> recomputation;
    };
};

std::vector<at::Tensor> list(const ctorch_tensor_t* tensors, int32_t count) {
    std::vector<at::Tensor> values;
    values.reserve(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; ++i) {
        values.push_back(tensors[i]->value);
    }
    return values;
}

}  // namespace

void* ctorch_gradient_mode_begin(bool records) {
    return guarded<void*>(nullptr, [&] { return new at::AutoGradMode(records); });
}

void ctorch_gradient_mode_end(void* scope) {
    delete static_cast<at::AutoGradMode*>(scope);
}

bool ctorch_require_gradient(ctorch_tensor_t input, bool required) {
    return action([&] { input->value.requires_grad_(required); });
}

bool ctorch_requires_gradient(ctorch_tensor_t input) {
    return guarded(false, [&] { return input->value.requires_grad(); });
}

ctorch_tensor_t ctorch_detach(ctorch_tensor_t input) {
    return tensor([&] { return input->value.detach(); });
}

bool ctorch_backward(ctorch_tensor_t loss) {
    return action([&] { loss->value.backward(); });
}

bool ctorch_gradient(ctorch_tensor_t input, ctorch_tensor_t* gradient) {
    return action([&] {
        const at::Tensor& value = input->value.grad();
        *gradient = value.defined() ? ctorch::wrap(value) : nullptr;
    });
}

bool ctorch_set_gradient(ctorch_tensor_t input, ctorch_tensor_t gradient) {
    return action([&] { input->value.mutable_grad() = gradient == nullptr ? at::Tensor() : gradient->value; });
}

ctorch_tensor_t ctorch_linear_cross_entropy(
    ctorch_tensor_t hidden, ctorch_tensor_t head, ctorch_tensor_t targets, ctorch_tensor_t weights, int64_t chunk,
    ctorch_tensor_t* losses) {
    return tensor([&] {
        at::Tensor each = at::empty({hidden->value.size(0)}, hidden->value.options().dtype(at::kFloat));
        const bool records = at::GradMode::is_enabled();
        at::Tensor sum = LinearCrossEntropy::apply(
            hidden->value, head->value, targets->value, weights->value, each, chunk,
            records && hidden->value.requires_grad(), records && head->value.requires_grad());
        *losses = ctorch::wrap(each);
        return sum;
    });
}

ctorch_tensor_t
ctorch_linear_log_probability(ctorch_tensor_t hidden, ctorch_tensor_t head, ctorch_tensor_t targets, int64_t chunk) {
    return tensor([&] { return LinearLogProbability::apply(hidden->value, head->value, targets->value, chunk); });
}

ctorch_tensor_t ctorch_checkpointed(
    ctorch_tensor_t input, ctorch_tensor_t (*run)(void*, ctorch_tensor_t), void* context, void (*release)(void*)) {
    auto recomputation = std::make_shared<Recomputation>(run, context, release);
    return tensor([&] { return Checkpointed::apply(input->value, reinterpret_cast<int64_t>(&recomputation)); });
}

bool ctorch_squared_norms(const ctorch_tensor_t* tensors, int32_t count, double* total) {
    return action([&] {
        at::AutoGradMode off(false);
        // One number for each tensor, added in float64 in the order given: the same for any number of threads.
        std::vector<at::Tensor> norms;
        for (int32_t i = 0; i < count; ++i) {
            norms.push_back(at::linalg_vector_norm(tensors[i]->value.to(at::kFloat)).to(at::kDouble));
        }
        *total = count == 0 ? 0 : at::stack(norms).square().sum().item<double>();
    });
}

bool ctorch_adamw(
    const ctorch_tensor_t* parameters, const ctorch_tensor_t* gradients, const ctorch_tensor_t* first_moments,
    const ctorch_tensor_t* second_moments, const ctorch_tensor_t* steps, int32_t count, double learning_rate,
    double beta1, double beta2, double weight_decay, double epsilon, double gradient_divisor) {
    return action([&] {
        if (count == 0) {
            return;
        }
        at::AutoGradMode off(false);
        std::vector<at::Tensor> step_counts = list(steps, count);
        for (at::Tensor& step : step_counts) {
            step.add_(1);
        }
        std::optional<at::Tensor> divisor;
        if (gradient_divisor != 1) {
            divisor = at::full({1}, gradient_divisor, parameters[0]->value.options().dtype(at::kFloat));
        }
        at::_fused_adamw_(
            list(parameters, count), list(gradients, count), list(first_moments, count), list(second_moments, count),
            {}, step_counts, learning_rate, beta1, beta2, weight_decay, epsilon, false, false, divisor, std::nullopt);
    });
}

namespace {

/// A matrix with the directions of `matrix` and singular values near 1: five quintic Newton–Schulz iterations.
at::Tensor orthogonalized(const at::Tensor& matrix) {
    // The coefficients of the method, chosen for speed at small singular values rather than for exactness at 1.
    constexpr double linear = 3.4445, cubic = -4.7750, quintic = 2.0315;
    const bool tall = matrix.size(0) > matrix.size(1);
    // The smaller square is the cheaper one.
    at::Tensor x = tall ? matrix.t().contiguous() : matrix;
    x = x / x.norm().clamp_min(1e-7);
    for (int i = 0; i < 5; ++i) {
        const at::Tensor gram = x.mm(x.t());
        x = at::addmm(x, at::addmm(gram, gram, gram, cubic, quintic), x, linear, 1);
    }
    return tall ? x.t() : x;
}

}  // namespace

bool ctorch_muon(
    const ctorch_tensor_t* parameters, const ctorch_tensor_t* gradients, const ctorch_tensor_t* momenta, int32_t count,
    double learning_rate, double momentum, double weight_decay) {
    return action([&] {
        at::AutoGradMode off(false);
        for (int32_t i = 0; i < count; ++i) {
            at::Tensor& parameter = parameters[i]->value;
            TORCH_CHECK(parameter.dim() == 2, "Muon moves matrices, not tensors of rank ", parameter.dim());
            const at::Tensor& gradient = gradients[i]->value;
            at::Tensor& mean = momenta[i]->value;
            mean.lerp_(gradient, 1 - momentum);
            const at::Tensor direction = orthogonalized(gradient.lerp(mean, momentum));
            const double longer = static_cast<double>(std::max(parameter.size(0), parameter.size(1)));
            parameter.mul_(1 - learning_rate * weight_decay);
            parameter.add_(direction, -0.2 * std::sqrt(longer) * learning_rate);
        }
    });
}

bool ctorch_interpolate(const ctorch_tensor_t* targets, const ctorch_tensor_t* sources, int32_t count, double weight) {
    return action([&] {
        at::AutoGradMode off(false);
        for (int32_t i = 0; i < count; ++i) {
            targets[i]->value.lerp_(sources[i]->value, weight);
        }
    });
}
