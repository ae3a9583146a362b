// The optional peer is looked at only through OrtModule.
declare module "onnxruntime-web";
