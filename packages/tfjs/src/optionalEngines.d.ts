// Engines that register themselves when imported; nothing of them is used, and they need not be installed.
declare module "@tensorflow/tfjs-backend-webgl";
declare module "@tensorflow/tfjs-backend-webgpu";
