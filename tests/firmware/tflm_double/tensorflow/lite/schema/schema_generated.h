#pragma once
#include "tensorflow/lite/micro/micro_interpreter.h"

#define TFLITE_SCHEMA_VERSION 3
namespace tflite {
inline const Model *GetModel(const void *data)
{
    return static_cast<const Model *>(data);
}
} // namespace tflite
