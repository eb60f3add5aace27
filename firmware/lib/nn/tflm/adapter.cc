#include "nn/tflm/adapter.h"

#include <cstring>
#include <new>

#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/schema/schema_generated.h"
#include "tflm_resolver.h"

namespace
{

alignas(16) uint8_t tensors[kTflmArenaBytes];
alignas(tflite::MicroInterpreter) uint8_t storage[sizeof(tflite::MicroInterpreter)];
alignas(TflmResolver) uint8_t resolver_storage[sizeof(TflmResolver)];
TflmResolver *resolver;
tflite::MicroInterpreter *interpreter;
const void *model_in_use;

int set_up(const void *constants)
{
    const tflite::Model *model = tflite::GetModel(constants);

    if (model->version() != TFLITE_SCHEMA_VERSION)
        return NN_E_TFLM_MODEL;
    if (resolver == nullptr) {
        resolver = new (resolver_storage) TflmResolver;
        if (tflm_add_operations(*resolver) != kTfLiteOk)
            return NN_E_TFLM_ARENA;
    }
    if (interpreter != nullptr)
        interpreter->~MicroInterpreter();
    model_in_use = nullptr;
    interpreter = new (storage) tflite::MicroInterpreter(model, *resolver, tensors, sizeof tensors);
    if (interpreter->AllocateTensors() != kTfLiteOk)
        return NN_E_TFLM_ARENA;
    model_in_use = constants;
    return 0;
}

} // namespace

int nn_tflm_run(const void *constants, void *, const void *in, void *out, const nn_trace *)
{
    const auto *from = static_cast<const uint8_t *>(in);
    auto *to = static_cast<uint8_t *>(out);

    if (constants == nullptr || in == nullptr || out == nullptr)
        return NN_E_POINTER;
    if (constants != model_in_use) {
        const int status = set_up(constants);
        if (status != 0)
            return status;
    }
    for (uint32_t i = 0; i < nn_model.input_count; i++) {
        const nn_tflm_port &port = nn_tflm_inputs[i];
        TfLiteTensor *tensor = interpreter->input(port.position);
        if (tensor == nullptr || tensor->bytes != port.bytes)
            return NN_E_TFLM_TENSOR;
        std::memcpy(tensor->data.raw, from + port.offset, port.bytes);
    }
    if (interpreter->Invoke() != kTfLiteOk)
        return NN_E_TFLM_INVOKE;
    for (uint32_t i = 0; i < nn_model.output_count; i++) {
        const nn_tflm_port &port = nn_tflm_outputs[i];
        const TfLiteTensor *tensor = interpreter->output(port.position);
        if (tensor == nullptr || tensor->bytes != port.bytes)
            return NN_E_TFLM_TENSOR;
        std::memcpy(to + port.offset, tensor->data.raw, port.bytes);
    }
    return 0;
}

void nn_tflm_reset(void *)
{
    if (model_in_use != nullptr)
        (void)interpreter->Reset();
}
