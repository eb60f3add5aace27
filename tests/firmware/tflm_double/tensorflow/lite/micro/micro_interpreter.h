/* A double of TFLite Micro's interpreter, as far as the adapter uses it: a "model" is {version, bytes}, with
 * one input and two outputs, the sum of the input and its complement. It counts how often it is set up. */
#pragma once
#include <cstddef>
#include <cstdint>

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };
struct TfLiteTensor {
    union {
        void *raw;
    } data;
    size_t bytes;
};

namespace tflite {

struct Model {
    uint32_t schema, input_bytes;
    uint32_t version() const
    {
        return schema;
    }
};

class MicroOpResolver {
};

class MicroInterpreter {
  public:
    MicroInterpreter(const Model *model, const MicroOpResolver &, uint8_t *arena, size_t bytes)
        : model_(model), arena_(arena), bytes_(bytes)
    {
        set_ups++;
    }
    TfLiteStatus AllocateTensors()
    {
        const size_t n = model_->input_bytes;
        if (2 * n + 1 > bytes_)
            return kTfLiteError;
        in_ = {{arena_}, n};
        complement_ = {{arena_ + n}, n};
        sum_ = {{arena_ + 2 * n}, 1};
        return kTfLiteOk;
    }
    TfLiteTensor *input(size_t i)
    {
        return i == 0 ? &in_ : nullptr;
    }
    TfLiteTensor *output(size_t i)
    {
        return i == 0 ? &sum_ : i == 1 ? &complement_ : nullptr;
    }
    TfLiteStatus Invoke()
    {
        uint8_t sum = 0;
        for (size_t i = 0; i < in_.bytes; i++) {
            sum = static_cast<uint8_t>(sum + arena_[i]);
            arena_[in_.bytes + i] = static_cast<uint8_t>(~arena_[i]);
        }
        arena_[2 * in_.bytes] = sum;
        return kTfLiteOk;
    }
    TfLiteStatus Reset()
    {
        return kTfLiteOk;
    }
    static int set_ups;

  private:
    const Model *model_;
    uint8_t *arena_;
    size_t bytes_;
    TfLiteTensor in_, complement_, sum_;
};

} // namespace tflite
