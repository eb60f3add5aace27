#pragma once
#include "tensorflow/lite/micro/micro_interpreter.h"

namespace tflite {
struct TFLMRegistration {
};
inline TFLMRegistration Register_FULLY_CONNECTED_INT8()
{
    return {};
}
template <int count> class MicroMutableOpResolver : public MicroOpResolver {
  public:
    TfLiteStatus AddFullyConnected(const TFLMRegistration &)
    {
        return used_++ < count ? kTfLiteOk : kTfLiteError;
    }

  private:
    int used_ = 0;
};
} // namespace tflite
