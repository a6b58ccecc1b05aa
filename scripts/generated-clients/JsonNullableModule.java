package org.openapitools.jackson.nullable;

/** Stands in for the one package that the generator's own jar lacks; it serves nullable fields, and the contract has none. */
public class JsonNullableModule extends com.fasterxml.jackson.databind.module.SimpleModule {
}
