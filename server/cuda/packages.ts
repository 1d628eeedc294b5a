/** A library inside a wheel; `name` is what the loader looks for, `bytes` its size unpacked. */
export interface PinnedLibrary {
  readonly entry: string;
  readonly name: string;
  readonly bytes: number;
}

/** One wheel of the Python package index, pinned by name, size and SHA-256. */
export interface PinnedPackage {
  readonly project: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly libraries: readonly PinnedLibrary[];
  /** May a copy that the system has stand in for it? */
  readonly replaceable: boolean;
}

/** Everything that CUDA needs besides the driver, for one version of ONNX Runtime. */
export interface PinnedSet {
  readonly onnxruntime: string;
  /** The oldest driver that runs this CUDA. */
  readonly driver: number;
  readonly packages: readonly PinnedPackage[];
}

/** ONNX Runtime's core: the child of a GPU loads this one, so that core and provider come from one build. */
export const coreLibrary = 'libonnxruntime.so.1';

/** ONNX Runtime's CUDA provider. */
export const providerLibrary = 'libonnxruntime_providers_cuda.so';

const libraries = (folder: string, sizes: Readonly<Record<string, number>>): PinnedLibrary[] =>
  Object.entries(sizes).map(([name, bytes]) => ({ entry: `${folder}/${name}`, name, bytes }));

/**
 * The set that belongs to the onnxruntime-node of package.json. Provider and core are the Python package's of the same version; the rest is the CUDA 13.0 that it
 * was built with, which the oldest CUDA 13 driver runs.
 */
export const pinnedSet: PinnedSet = {
  onnxruntime: '1.30.0',
  driver: 580,
  packages: [
    {
      project: 'onnxruntime-gpu',
      version: '1.30.0',
      file: 'onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl',
      sha256: '6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1',
      bytes: 246_685_715,
      replaceable: false,
      libraries: [
        { entry: 'onnxruntime/capi/libonnxruntime.so.1.30.0', name: coreLibrary, bytes: 29_062_976 },
        ...libraries('onnxruntime/capi', { [providerLibrary]: 272_049_904, 'libonnxruntime_providers_shared.so': 14_632 }),
      ],
    },
    {
      project: 'nvidia-cuda-runtime',
      version: '13.0.96',
      file: 'nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
      sha256: '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
      bytes: 2_243_632,
      replaceable: true,
      libraries: libraries('nvidia/cu13/lib', { 'libcudart.so.13': 704_288 }),
    },
    {
      project: 'nvidia-cublas',
      version: '13.1.0.3',
      file: 'nvidia_cublas-13.1.0.3-py3-none-manylinux_2_27_x86_64.whl',
      sha256: 'ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171',
      bytes: 423_133_236,
      replaceable: true,
      libraries: libraries('nvidia/cu13/lib', { 'libcublas.so.13': 54_177_976, 'libcublasLt.so.13': 541_595_600 }),
    },
    {
      project: 'nvidia-curand',
      version: '10.4.0.35',
      file: 'nvidia_curand-10.4.0.35-py3-none-manylinux_2_27_x86_64.whl',
      sha256: '1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc',
      bytes: 59_544_258,
      replaceable: true,
      libraries: libraries('nvidia/cu13/lib', { 'libcurand.so.10': 132_698_328 }),
    },
    {
      project: 'nvidia-cudnn-cu13',
      version: '9.20.0.48',
      file: 'nvidia_cudnn_cu13-9.20.0.48-py3-none-manylinux_2_27_x86_64.whl',
      sha256: '0c45dd8eeb50b603f07995b1b300c62ffe6a1980482b82b3bcf94a4ca9d49304',
      bytes: 366_173_588,
      replaceable: true,
      libraries: libraries('nvidia/cudnn/lib', {
        'libcudnn.so.9': 129_240,
        'libcudnn_adv.so.9': 109_169_104,
        'libcudnn_cnn.so.9': 4_203_904,
        'libcudnn_engines_precompiled.so.9': 245_391_920,
        'libcudnn_engines_runtime_compiled.so.9': 29_386_664,
        'libcudnn_graph.so.9': 4_460_192,
        'libcudnn_heuristic.so.9': 60_822_040,
        'libcudnn_ops.so.9': 39_855_888,
      }),
    },
    {
      project: 'nvidia-cuda-nvrtc',
      version: '13.0.88',
      file: 'nvidia_cuda_nvrtc-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
      sha256: 'ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575',
      bytes: 90_215_200,
      replaceable: true,
      libraries: libraries('nvidia/cu13/lib', { 'libnvrtc.so.13': 109_338_064, 'libnvrtc-builtins.so.13.0': 4_380_616 }),
    },
  ],
};
