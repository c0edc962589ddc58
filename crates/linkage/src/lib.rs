//! Same child, same family, same event: decisions that explain themselves, without input or output.
