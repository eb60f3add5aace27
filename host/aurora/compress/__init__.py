"""From a trained network to int8: conversion, release folders, and TFLite Micro as the oracle of every bit."""
