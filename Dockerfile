# CPU:  docker build -t litegraph-diffusion .
# CUDA: docker build -t litegraph-diffusion:cuda --target cuda .
# Run:  docker run --rm -p 127.0.0.1:8190:8190 -e LITEGRAPH_DIFFUSION_TOKEN=… -v "$PWD/data:/data" litegraph-diffusion      (CUDA: add --gpus all)

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
# The page and the server, then only what runs: no tools, no libraries of other systems.
RUN npm run build \
 && npm prune --omit=dev --no-audit --no-fund \
 && cd node_modules/onnxruntime-node/bin/napi-v6 \
 && rm -rf darwin win32 \
 && find linux -mindepth 1 -maxdepth 1 ! -name "$(node -p process.arch)" -exec rm -rf {} +

FROM node:20-bookworm-slim AS runtime
ENV NODE_ENV=production
# Words in the grid of a sweep.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-dejavu-core && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/bin ./bin
COPY --from=build /app/dist ./dist
COPY --from=build /app/models ./models
COPY --from=build /app/workflows ./workflows
RUN mkdir /data && chown node:node /data
WORKDIR /data
VOLUME /data
EXPOSE 8190
ENTRYPOINT ["node", "/app/bin/litegraph-diffusion.mjs"]
CMD ["serve", "--host", "0.0.0.0"]

FROM runtime AS cuda
ENV LITEGRAPH_DIFFUSION_CUDA=/opt/litegraph-diffusion-cuda
# What the NVIDIA Container Toolkit puts into the container: libcuda.so.1 and nvidia-smi.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN node /app/bin/litegraph-diffusion.mjs install-cuda --no-system
USER node
CMD ["serve", "--host", "0.0.0.0", "--device", "cuda"]

FROM runtime AS cpu
USER node
CMD ["serve", "--host", "0.0.0.0", "--device", "cpu"]
