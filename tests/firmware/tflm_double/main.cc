/* The adapter over the double: order of inputs and outputs, set-up once for each model, errors. */
#include <cassert>
#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "nn/tflm/adapter.h"
#include "program.h"
#include "tensorflow/lite/micro/micro_interpreter.h"

int tflite::MicroInterpreter::set_ups = 0;

int main()
{
    const uint32_t n = NN_MODEL_INPUT_BYTES;
    const tflite::Model right{3, n}, again{3, n}, old{2, n}, big{3, 1u << 30}, wide{3, n + 1};
    uint8_t in[NN_MODEL_INPUT_BYTES], out[NN_MODEL_OUTPUT_BYTES], sum = 0;

    for (uint32_t i = 0; i < n; i++) {
        in[i] = static_cast<uint8_t>(3 * i + 1);
        sum = static_cast<uint8_t>(sum + in[i]);
    }
    nn_model.reset(nullptr);
    for (const tflite::Model *model : {&right, &right, &again}) {
        memset(out, 0, sizeof out);
        assert(nn_model.run(model, nullptr, in, out, nullptr) == 0);
        assert(nn_model.output_count == 2 && nn_model.outputs[0].bytes == n);
        assert(out[0] == static_cast<uint8_t>(~in[0]) && out[n - 1] == static_cast<uint8_t>(~in[n - 1]));
        assert(out[n] == sum);
    }
    assert(tflite::MicroInterpreter::set_ups == 2);
    nn_model.reset(nullptr);
    assert(nn_model.run(&old, nullptr, in, out, nullptr) == NN_E_TFLM_MODEL);
    assert(nn_model.run(&big, nullptr, in, out, nullptr) == NN_E_TFLM_ARENA);
    assert(nn_model.run(&wide, nullptr, in, out, nullptr) == NN_E_TFLM_TENSOR);
    assert(nn_model.run(nullptr, nullptr, in, out, nullptr) == NN_E_POINTER);
    assert(nn_model.run(&right, nullptr, in, out, nullptr) == 0);
    puts("ok");
}
